// SPDX-License-Identifier: Apache-2.0
/* The program that a bundle is started by: linked statically, so that it needs nothing of the system's.
 *
 *   <bundle>/emfbench WORDS...     this file, unless the program itself is linked statically and stands here;
 *                                  `emfbench setup` fetches weights by data/fetch_packages.py and python3
 *   <bundle>/lib/                  the real program, the dynamic linker and all libraries but LibTorch's
 *   <bundle>/share/emfbench/       what the program reads: instruments, suites, schemas
 *   <bundle>/share/emfbench/LIBTORCH   the version of LibTorch that the program was built with; a bundle without this
 *                                  file needs none
 *
 * LibTorch comes from any pip install of that version, for CPUs or for CUDA: $EMFBENCH_TORCH (the folder "torch"), a
 * folder "torch" in the bundle, the active virtual or Conda environment, the environments of every python3 on $PATH,
 * and the user's own site-packages, in this order. */
#define _GNU_SOURCE
#include <glob.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kMissing = 3, kInternal = 70 };
enum { kPathRoom = PATH_MAX * 2 };

static void format(char* to, const char* pattern, ...) {
  va_list values;
  va_start(values, pattern);
  const int length = vsnprintf(to, kPathRoom, pattern, values);
  va_end(values);
  if (length < 0 || length >= kPathRoom) {
    fprintf(stderr, "emfbench: a path is too long to start the program by\n");
    exit(kInternal);
  }
}

/* The first line of a file without its end; "" where there is none. */
static void first_line(const char* path, char* line, int room) {
  line[0] = '\0';
  FILE* file = fopen(path, "r");
  if (file == NULL) return;
  if (fgets(line, room, file) == NULL) line[0] = '\0';
  fclose(file);
  line[strcspn(line, "\r\n")] = '\0';
}

/* The version that torch/version.py names, without its build ("2.13.0" of '2.13.0+cu130'). */
static void torch_version(const char* torch, char* version, int room) {
  char path[kPathRoom], line[256];
  version[0] = '\0';
  format(path, "%s/version.py", torch);
  FILE* file = fopen(path, "r");
  if (file == NULL) return;
  while (fgets(line, sizeof line, file) != NULL) {
    const char* begin = strncmp(line, "__version__ =", 13) == 0 ? strchr(line, '\'') : NULL;
    if (begin == NULL) continue;
    const int length = (int)strcspn(begin + 1, "'+");
    snprintf(version, (size_t)room, "%.*s", length, begin + 1);
  }
  fclose(file);
}

static char seen_versions[1024];  /* of LibTorch in other versions, for the error */

/* Whether a folder is a torch package of the wanted version. */
static int is_wanted(const char* torch, const char* wanted) {
  char version[64], note[kPathRoom];
  torch_version(torch, version, sizeof version);
  if (version[0] == '\0') return 0;
  if (strcmp(version, wanted) == 0) return 1;
  format(note, "%s%s (%s)", seen_versions[0] == '\0' ? "" : ", ", version, torch);
  if (strlen(seen_versions) + strlen(note) < sizeof seen_versions) strcat(seen_versions, note);
  return 0;
}

/* Looks below <prefix>/lib/python3.N; fills `torch` where it is found. */
static int find_below(const char* prefix, const char* wanted, char* torch) {
  const char* const places[] = {"%s/lib/python3*/site-packages/torch", "%s/lib/python3*/dist-packages/torch",
                                "%s/lib64/python3*/site-packages/torch", "%s/local/lib/python3*/dist-packages/torch"};
  for (size_t i = 0; i < sizeof places / sizeof *places; ++i) {
    char pattern[kPathRoom];
    format(pattern, places[i], prefix);
    glob_t found;
    if (glob(pattern, 0, NULL, &found) != 0) continue;
    int there = 0;
    for (size_t j = 0; j < found.gl_pathc && !there; ++j) {
      there = is_wanted(found.gl_pathv[j], wanted);
      if (there) format(torch, "%s", found.gl_pathv[j]);
    }
    globfree(&found);
    if (there) return 1;
  }
  return 0;
}

/* Prefixes of every python3 on $PATH, as it stands and as it is linked: a virtual environment's links to the system's. */
static int find_on_path(const char* wanted, char* torch) {
  const char* path = getenv("PATH");
  while (path != NULL && *path != '\0') {
    char prefix[kPathRoom], real[PATH_MAX];
    const int length = (int)strcspn(path, ":");
    format(prefix, "%.*s/python3", length, path);
    path += length + (path[length] == ':');
    if (access(prefix, X_OK) != 0 || realpath(prefix, real) == NULL) continue;
    char* const interpreters[] = {prefix, real};
    for (size_t i = 0; i < 2; ++i) {
      /* <prefix>/bin/python3 */
      for (int up = 0; up < 2 && strrchr(interpreters[i], '/') != NULL; ++up) *strrchr(interpreters[i], '/') = '\0';
      if (find_below(interpreters[i], wanted, torch)) return 1;
    }
  }
  return 0;
}

static int find_torch(const char* root, const char* wanted, char* torch) {
  const char* named = getenv("EMFBENCH_TORCH");
  if (named != NULL) {
    format(torch, "%s", named);
    return is_wanted(torch, wanted);
  }
  format(torch, "%s/torch", root);
  if (is_wanted(torch, wanted)) return 1;
  const char* const environments[] = {"VIRTUAL_ENV", "CONDA_PREFIX"};
  for (size_t i = 0; i < 2; ++i) {
    const char* prefix = getenv(environments[i]);
    if (prefix != NULL && find_below(prefix, wanted, torch)) return 1;
  }
  if (find_on_path(wanted, torch)) return 1;
  char own[kPathRoom];
  if (getenv("HOME") == NULL) return 0;
  format(own, "%s/.local", getenv("HOME"));
  return find_below(own, wanted, torch);
}

/* Fetches what the program reads and a bundle does not hold. */
static int set_up(const char* share, const char* torch_wanted, int count, char** words) {
  if (torch_wanted[0] == '\0') {
    fprintf(stderr, "emfbench: this bundle scores and reports; there is nothing to set up\n");
    return 0;
  }
  static char script[kPathRoom], folder[kPathRoom], list[kPathRoom];
  format(script, "%s/data/fetch_packages.py", share);
  format(folder, "%s/.deps", share);
  if (getenv("EMFBENCH_DEPS") != NULL) format(folder, "%s", getenv("EMFBENCH_DEPS"));
  format(list, "%s/fetched", folder);
  char** all = calloc((size_t)count + 7, sizeof *all);
  if (all == NULL) return kInternal;
  char* const begin[] = {"python3", script, "--deps", folder, "--list", list};
  memcpy(all, begin, sizeof begin);
  for (int i = 0; i < count; ++i) all[6 + i] = words[i];
  execvp("python3", all);
  perror("emfbench: setup needs python3, which cannot be started");
  return kMissing;
}

int main(int count, char** words) {
  static char root[PATH_MAX], share[kPathRoom], path[kPathRoom], libraries[kPathRoom * 2], torch[kPathRoom];
  const ssize_t length = readlink("/proc/self/exe", root, sizeof root - 1);
  if (length < 0 && realpath(words[0], root) == NULL) {
    fprintf(stderr, "emfbench: cannot find where this program lies (no /proc, and '%s' is no path)\n", words[0]);
    return kInternal;
  }
  if (length >= 0) root[length] = '\0';
  *strrchr(root, '/') = '\0';
  format(share, "%s/share/emfbench", root);
  if (setenv("EMFBENCH_ROOT", share, 0) != 0) return kInternal;

  char wanted[64];
  format(path, "%s/LIBTORCH", share);
  first_line(path, wanted, sizeof wanted);
  if (count > 1 && strcmp(words[1], "setup") == 0) return set_up(share, wanted, count - 2, words + 2);
  snprintf(libraries, sizeof libraries, "%s/lib", root);
  if (wanted[0] != '\0') {
    if (!find_torch(root, wanted, torch)) {
      fprintf(stderr,
              "emfbench: LibTorch %s is nowhere to be found%s%s; run: pip install torch==%s (in any environment, for "
              "CPUs or CUDA), or name its folder: EMFBENCH_TORCH=/path/to/site-packages/torch\n",
              wanted, seen_versions[0] == '\0' ? "" : "; other versions are: ", seen_versions, wanted);
      return kMissing;
    }
    /* What the linker is told takes the place of the variable, which may say where a driver's libraries lie. */
    const char* further = getenv("LD_LIBRARY_PATH");
    const int whole = snprintf(libraries, sizeof libraries, "%s/lib:%s/lib%s%s", root, torch,
                               further == NULL || *further == '\0' ? "" : ":", further == NULL ? "" : further);
    if (whole >= (int)sizeof libraries) snprintf(libraries, sizeof libraries, "%s/lib:%s/lib", root, torch);
  }

  static char linker[kPathRoom], program[kPathRoom];
  format(linker, "%s/lib/ld-linux-x86-64.so.2", root);
  format(program, "%s/lib/emfbench", root);
  char** all = calloc((size_t)count + 6, sizeof *all);
  if (all == NULL) return kInternal;
  int n = 0;
  all[n++] = linker;
  all[n++] = "--library-path";
  all[n++] = libraries;
  all[n++] = program;
  for (int i = 1; i < count; ++i) all[n++] = words[i];
  execv(linker, all);
  perror("emfbench: cannot start lib/ld-linux-x86-64.so.2 of the bundle");
  return kInternal;
}
