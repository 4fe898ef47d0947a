// Both sides' pictures of the prompts that a comparison was decided by.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/command/paired_scores.h"

namespace emf {

/// Pictures of some prompts as one side painted them under a row of the comparison; a prompt without any is absent.
using PicturesOf = std::function<std::map<std::string, std::vector<PictureTile>>(
    const std::string& row, const std::vector<std::string>& prompts)>;

/// Out of a record's sample grids, which hold the first pictures of a row.
/// @param stores  where the grids may lie; the first that has one counts. One that is not what was written is refused.
PicturesOf pictures_of_record(const SectionInput& record, const std::vector<std::filesystem::path>& stores);

/// Out of the files that judged rows name. Large pictures are made smaller.
/// @param folder  that they lie in, by their whole name or its last parts; "" = where they say.
PicturesOf pictures_of_files(const JudgedFile& judged, const std::filesystem::path& folder);

/// A figure a prompt, both sides beneath one another: the prompts won and lost by most, of the row "overall" where
/// there is one, else of the rows that differ most.
/// Says how many prompts have no picture left; empty where no prompt was won or lost.
std::vector<Block> side_by_side(const PairedComparison& comparison, const std::string& a, const std::string& b,
                                const PicturesOf& of_a, const PicturesOf& of_b);

}  // namespace emf
