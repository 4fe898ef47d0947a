// SPDX-License-Identifier: Apache-2.0
// Memory that nobody uses any more.
#pragma once

namespace emf {

/// Gives freed memory back to the system. glibc keeps it for later, in every thread's arena by itself: behind a phase
/// that held much for a while, it would count as ours for as long as the program runs.
///
/// @cost  a walk over all free blocks: milliseconds, so between phases and not within one.
void give_back_memory();

/// Keeps freed blocks for the next ones of their size until give_back_memory(). A training step and an encoder's
/// forward ask for the same tensors again and again; left to itself, glibc may hand them to the system in between, and
/// every page of them is then cleared anew (a seventh of MiniLM's time). Called once, before other threads.
void keep_freed_memory();

}  // namespace emf
