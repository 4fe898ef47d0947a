// SPDX-License-Identifier: Apache-2.0
#include "harness/api/judge.h"

#include "harness/base/error.h"

namespace emf {

const std::vector<std::string>& Judge::class_names() const {
  static const std::vector<std::string> none;
  return none;
}

std::vector<std::vector<Detection>> Judge::detect(const at::Tensor&) const {
  fail_input("this judge finds no objects, so GenEval's rule has nothing to read; name one that does (detector)");
}

std::vector<std::vector<std::string>> Judge::answer(const at::Tensor&,
                                                    const std::vector<std::vector<std::string>>&) const {
  fail_input("this judge answers no questions; name one that does, torchscript:FILE with \"words\": \"answers\"");
}

}  // namespace emf
