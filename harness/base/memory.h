// Memory that nobody uses any more.
#pragma once

namespace emf {

/// Gives freed memory back to the system. glibc keeps it for later, in every thread's arena by itself: behind a phase
/// that held much for a while, it would count as ours for as long as the program runs.
///
/// @cost  a walk over all free blocks: milliseconds, so between phases and not within one.
void give_back_memory();

}  // namespace emf
