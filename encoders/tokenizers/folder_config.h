// SPDX-License-Identifier: Apache-2.0
// What the small files of a tokenizer's folder say: its class, its options, its marks and its added tokens.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "encoders/tokenizers/json_section.h"

namespace emf {

/// tokenizer_config.json with what special_tokens_map.json, added_tokens.json and config.json add to it. Each of them
/// may be absent.
///
/// @source  transformers 5, PreTrainedTokenizerBase._from_pretrained and AutoTokenizer.
class FolderConfig {
 public:
  /// @throws UserError  a file that is no JSON object, a token that is none, an option of another type (names the
  ///   file).
  explicit FolderConfig(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  /// The tokenizer's class without "Fast"; "" where no file says so.
  const std::string& class_name() const { return class_name_; }
  /// Whether the files name no class of their own, so that a tokenizer.json holds as it stands.
  bool is_of_backend() const { return is_of_backend_; }
  /// tokenizer_config.json and what was merged into it.
  JsonSection options() const { return {options_, where_}; }
  bool flag_or(const char* key, bool otherwise) const { return options().flag_or(key, otherwise); }

  /// The text of a mark ("eos_token"); where the files do not speak of it, the class's own.
  /// @return  nothing where it is null.
  std::optional<std::string> mark(const char* key, const Json& class_marks) const;

  /// The id that config.json gives a mark ("pad_token_id"), of a list the first; nothing where it gives none.
  std::optional<int64_t> model_id(const char* key) const;

  /// Everything that is found in a text before the model sees it, in the form of tokenizer.json's added_tokens: what
  /// added_tokens_decoder or added_tokens.json lists, the marks, and the additional special tokens.
  ///
  /// @param with_listed  false: the marks and the additional ones alone.
  /// @param class_marks  the marks of the class: {"eos_token": text, ...}.
  /// @param find  the id of a piece of the vocabulary, -1 = none.   @param vocabulary_size  where new ids begin.
  Json added_tokens(const Json& class_marks, const std::function<int64_t(const std::string&)>& find,
                    int64_t vocabulary_size, bool with_listed = true) const;
  /// Whether the files list added tokens of their own (added_tokens_decoder).
  bool lists_added_tokens() const { return options().has("added_tokens_decoder"); }

 private:
  void read_listed();
  /// Keys of lists of further special tokens that hold: the older one where the newer has nothing.
  std::vector<const char*> extra_keys() const;
  /// Marks that a class names itself: image_token and the like.
  std::vector<JsonSection> named_marks() const;

  std::filesystem::path folder_;
  std::string where_, class_name_;
  bool is_of_backend_ = false;
  Json model_ = Json::object();  ///< config.json
  Json options_ = Json::object();
  Json listed_ = Json::array();  ///< added tokens with their ids, in order of id
};

/// How a tokenizer's folder fills up short texts.
struct FolderPadding {
  bool is_hidden = true;  ///< an attention mask hides it from the model
  bool is_left = false;   ///< it stands before the text
};
/// @param path  a folder; of a file nothing is known, and the defaults hold.   @throws UserError  as FolderConfig.
FolderPadding folder_padding(const std::filesystem::path& path);

/// Keys of the marks that every class of transformers knows, in its order.
const std::vector<const char*>& mark_keys();

/// Ids of added tokens by their text; of two of one text the first. Entries that are no tokens are passed over.
std::unordered_map<std::string, int64_t> added_ids(const Json& added_tokens);

/// What `ids` says of a text, else what `find` does; -1 = neither.
int64_t added_or(const std::unordered_map<std::string, int64_t>& ids, const std::string& text,
                 const std::function<int64_t(const std::string&)>& find);

}  // namespace emf
