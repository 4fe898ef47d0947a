// SPDX-License-Identifier: Apache-2.0
// emfbench tokenize: token ids of a file of prompts, a JSON line each.
#include <fmt/format.h>

#include <filesystem>

#include "encoders/tokenizers/tokenizer_file.h"
#include "harness/api/encoder.h"
#include "harness/base/bounded.h"
#include "harness/base/terminal.h"
#include "harness/captions/prompt_file.h"
#include "harness/command/command.h"

namespace emf {
namespace {

/// A registered name, else a path; a word that is neither is taken for a misspelt name.
std::unique_ptr<Tokenizer> named_or_loaded(const std::string& name, const TokenizerOptions& options) {
  const auto& registry = TokenizerRegistry::instance();
  const bool looks_like_path = name.find_first_of("/.") != std::string::npos || path_exists(name);
  return registry.contains(name) || !looks_like_path ? registry.make(name) : load_tokenizer(name, options);
}

class Tokenize : public Command {
 public:
  void declare(const Flags& flags) override {
    const Flags source = flags.exactly_one("source");
    source.option("--encoder", encoder_, "a registered encoder (see: emfbench list encoders)");
    source.option("--tokenizer", tokenizer_,
                  "a tokenizer alone: a registered one (see: emfbench list tokenizers), or a folder or file");
    flags.option("--prompts", prompts_, ".txt, a prompt a line; or .jsonl").required();
    flags.flag("--no-special", no_special_, "without the marks a tokenizer adds by itself");
    flags.flag("--plain-special", plain_special_,
               "special tokens that a prompt spells are text like any other (of a folder or file)");
  }

  ExitCode run(const CommonFlags&) override {
    const std::vector<Prompt> prompts = read_prompts(prompts_);
    std::vector<std::vector<int64_t>> rows;
    if (!encoder_.empty()) {
      rows = make_encoder(encoder_, Json::object(), 0)->tokenize(prompts, !no_special_);
    } else {
      const std::unique_ptr<Tokenizer> tokenizer = named_or_loaded(tokenizer_, {.parses_special = !plain_special_});
      for (const Prompt& prompt : prompts) rows.push_back(tokenizer->encode(prompt.text, !no_special_));
    }
    for (size_t i = 0; i < prompts.size(); ++i) {
      print_lines(shown_json(canonical_json({{"text", prompts[i].text}, {"ids", rows[i]}})) + "\n");
    }
    return ExitCode::kGood;
  }

 private:
  std::string encoder_, tokenizer_, prompts_;
  bool no_special_ = false, plain_special_ = false;
};

EMF_REGISTER(CommandRegistry, "tokenize", "Token ids of a file of prompts, as JSON Lines", std::make_unique<Tokenize>);

}  // namespace
}  // namespace emf
