// SPDX-License-Identifier: Apache-2.0
// Words of one meaning, in two halves: those that training may say, and those by which a world that holds words out is
// judged. For the files that write or read captions.
#pragma once

#include <string>
#include <vector>

namespace emf {

enum class WordSplit { kTraining, kHeldOut };
inline constexpr WordSplit kWordSplits[] = {WordSplit::kTraining, WordSplit::kHeldOut};

/// Names of a class in the singular; of training's the first is the official one. No name of one class is another's,
/// and none of the held-out ones contains a word of training's names of the class, so that who hashes words learns
/// nothing of them.
/// @return  held out: empty for the classes of which English has no other everyday name.
const std::vector<std::string>& class_words(int class_id, WordSplit split);

/// Names of a colour: {"red", "scarlet"} and {"crimson", "ruby"}; likewise.
const std::vector<std::string>& color_words(int color_id, WordSplit split);

/// What stands before a plural: {"two", "a pair of"} and {"2", "a couple of"}; likewise.
/// @param count  2..10; beyond four nothing is held out, for no world draws so many.
const std::vector<std::string>& count_words(int count, WordSplit split);

/// The dictionary's plural of any of the above names ("puppies").
std::string plural_of(const std::string& name);

enum class NameStyle { kOfficial, kSynonym };

/// The official name of a class, or its other everyday name (the official one when it has none).
const std::string& noun(int class_id, NameStyle style);

/// The official plural ("knifes") or the dictionary's, of the official name or the synonym ("mobile phones").
std::string plural(int class_id, NameStyle style);

/// "zero" .. "ten".
const std::vector<std::string>& number_words();

}  // namespace emf
