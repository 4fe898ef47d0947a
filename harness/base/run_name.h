// SPDX-License-Identifier: Apache-2.0
// What a run of a suite is called: two configurations of one suite are two runs, with a record and a report each.
#pragma once

#include <string>
#include <vector>

namespace emf {

/// "smoke", or "smoke[train.learning_rate=1e-3]" where the command line says otherwise than the suite's file. The words
/// stand in order of their keys, of two for one key the later; what a file's name cannot hold, or would be longer than
/// 100 letters, is named by eight digits of its hash. A suite.name of the command line stands alone.
std::string run_name(const std::string& suite, const std::vector<std::string>& overrides);

/// @throws UserError  a suite's name that is not one to a hundred letters, digits, '_' and '-': names the place.
void require_suite_name(const std::string& name, const std::string& place);

/// True for letters, digits and "_-.=,+:[]" that lead to no other folder: what a report's folder may be called.
bool is_run_name(const std::string& name);

/// @throws UserError  a name that is empty or holds other than letters, digits and "_-.=,+:[]".
void require_run_name(const std::string& name);

}  // namespace emf
