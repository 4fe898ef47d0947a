// SPDX-License-Identifier: Apache-2.0
// Blocks that most formats have no form for, as tables.
#pragma once

#include <vector>

#include "harness/api/section.h"

namespace emf {

/// Claims as a table of verdict, claim and detail; other lists in one column or two.
Table table_of(const BulletList& list);

/// A name and what is known of it in each row.
Table table_of(const FactList& list);

/// The judge's word on each picture, a row for each prompt and painter. Empty where nothing was judged.
Table table_of(const Pictures& pictures);

/// All tables in the blocks, folded ones and the values of plots included, in their order.
/// Lists and facts become tables too; paragraphs are left out, and headings but for that of a table without a caption.
std::vector<Table> tables_in(const std::vector<Block>& blocks);

}  // namespace emf
