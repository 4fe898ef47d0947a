// SPDX-License-Identifier: Apache-2.0
// The light program as the front of the whole one: what needs LibTorch, or plugins, is handed over.
#pragma once

#include <filesystem>

namespace emf {

/// The whole program that belongs to this one, as $EMFBENCH_WHOLE names it; "" where
/// there is none.
std::filesystem::path whole_program();

/// Puts the whole program, with the words that this one was given, in its place. Returns where there is none.
/// @throws UserError  it is there and cannot be started.
void hand_over();

/// What the front itself does with its words: prints a page of help that the whole program left, or hands over.
/// @return  whether everything is done; else the light program goes on.
bool is_done_by_front(int count, char** words);

}  // namespace emf
