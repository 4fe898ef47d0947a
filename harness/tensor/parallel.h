// SPDX-License-Identifier: Apache-2.0
// Work on ranges by LibTorch's own team of threads.
#pragma once

#include <c10/util/FunctionRef.h>

#include <cstdint>

namespace emf {

/// Calls f(begin, end) for pieces of [0, count), each at most `grain` long, on as many threads as at::get_num_threads()
/// says; for the whole range at once where that is one, inside another such call, and where LibTorch's threads are not
/// OpenMP's.
///
/// at::parallel_for would do so on one thread: it is a template, which shares work only where its caller is compiled
/// with OpenMP, and a program that links an OpenMP of its own beside LibTorch's would have two teams.
/// @param grain  at least 1. Which thread takes which piece changes from run to run: f's results must not depend on it.
/// @throws what f throws, the first of it.
void parallel_for(int64_t count, int64_t grain, c10::function_ref<void(int64_t begin, int64_t end)> f);

}  // namespace emf
