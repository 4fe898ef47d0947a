#include "harness/command/program.h"

int main(int count, char** words) { return emf::run_program(count, words); }
