// SPDX-License-Identifier: Apache-2.0
// How much of what a generator is judged by its training had already said: word
// for word, in another filling, in pieces.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace emf {

/// Overlap of judged prompts with training captions. Case, white space and a final full stop do not count.
struct TemplateAudit {
  int64_t training_captions = 0, prompts = 0;  ///< distinct
  double exact = 0;                            ///< share of prompts that are training captions
  double in_template =
      0;  ///< share whose wording with objects, colours, numbers and places left open is a training caption's
  double four_grams = 0;  ///< mean share of a prompt's runs of four words that training captions hold
  int64_t training_templates = 0;
  Json to_json() const;
};

/// A caption with GenEval's objects (official and everyday names, plurals), colours, numbers and places left open:
/// "a photo of a red dog" -> "a photo of a <colour> <object>".
std::string template_of(const std::string& caption);

/// @cost  about 20 us a distinct caption.
TemplateAudit audit_templates(const std::vector<std::string>& training, const std::vector<std::string>& judged);

}  // namespace emf
