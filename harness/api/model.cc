// SPDX-License-Identifier: Apache-2.0
#include "harness/api/model.h"

#include <algorithm>

#include "harness/base/error.h"

namespace emf {

void require_offered(const ModelDemands& demands, const ModelDemands& offered, const std::string& network) {
  const auto check = [&](const std::vector<std::string>& wanted, const std::vector<std::string>& there,
                         const char* what) {
    for (const std::string& name : wanted) {
      if (std::find(there.begin(), there.end(), name) != there.end()) continue;
      fail_input("model '{}' has no {} '{}', which the objective asks for{}", network, what, name,
                 suggestion(name, there));
    }
  };
  check(demands.heads, offered.heads, "head");
  check(demands.scalars, offered.scalars, "input");
}

}  // namespace emf
