// SPDX-License-Identifier: Apache-2.0
// Templates open what may be filled in and nothing else; overlaps count distinct prompts.
#include "harness/captions/template_audit.h"

#include <gtest/gtest.h>

#include "harness/captions/grammar.h"

namespace emf {
namespace {

TEST(TemplateAudit, OpensObjectsColoursNumbersAndPlaces) {
  EXPECT_EQ(template_of("a photo of a red dog"), "a photo of a <colour> <object>");
  EXPECT_EQ(template_of("A photo of an  orange teddy bear."), "a photo of a <colour> <object>");
  EXPECT_EQ(template_of("a photo of three knifes"), "a photo of <number> <object>");
  EXPECT_EQ(template_of("a photo of a dog right of a traffic light"), "a photo of a <object> <place> a <object>");
  EXPECT_EQ(template_of("a photo of an orange orange and an orange"), "a photo of a <colour> <object> and a <object>");
  EXPECT_EQ(template_of("a dog that is orange"), "a <object> that is <colour>");
  EXPECT_EQ(template_of("a watercolour of my grandmother"), "a watercolour of my grandmother");
}

TEST(TemplateAudit, EveryOfficialCaptionOfATaskHasOneTemplate) {
  const auto fact = [](int class_id, int color) { return ObjectFact{class_id, 1, color}; };
  const std::string first = template_of(write_caption({Task::kColors, {fact(0, 0)}, Relation::kLeftOf}));
  for (int class_id = 0; class_id < static_cast<int>(geneval_classes().size()); ++class_id) {
    EXPECT_EQ(template_of(write_caption({Task::kColors, {fact(class_id, class_id % 10)}, Relation::kLeftOf})), first)
        << geneval_classes()[static_cast<size_t>(class_id)];
  }
}

TEST(TemplateAudit, CountsOverlapsOfDistinctPrompts) {
  const TemplateAudit audit = audit_templates(
      {"a photo of a red dog", "A photo of a red dog.", "a photo of a cat"},
      {"a photo of a red dog", "a photo of a red dog", "a photo of a green cat", "two boats at sea by night"});
  EXPECT_EQ(audit.training_captions, 2);
  EXPECT_EQ(audit.training_templates, 2);
  EXPECT_EQ(audit.prompts, 3);
  EXPECT_DOUBLE_EQ(audit.exact, 1.0 / 3);
  EXPECT_DOUBLE_EQ(audit.in_template, 2.0 / 3);
  // 3 of 3, "a photo of a" of 3, and 0 of 3.
  EXPECT_DOUBLE_EQ(audit.four_grams, (1 + 1.0 / 3 + 0) / 3);
}

}  // namespace
}  // namespace emf
