// Byte-level byte-pair encoding: the alphabet, the pre-tokenizers by name, and merging with a queue.
#include "encoders/tokenizers/byte_level_bpe.h"

#include <algorithm>
#include <bit>
#include <map>
#include <queue>
#include <unordered_map>

#include "harness/base/error.h"
#include "harness/base/json.h"
#include "harness/base/utf8.h"

namespace emf {
namespace {

// Unicode's White_Space, which the original engines mean by \s (PCRE2 adds U+180E).
#define EMF_SPACE \
  "\\t-\\r \\x{85}\\x{A0}\\x{1680}\\x{2000}-\\x{200A}\\x{2028}\\x{2029}\\x{202F}\\x{205F}\\x{3000}"

// By the name in tokenizer.ggml.pre. smollm cuts out every digit alone and gives the rest to GPT-2's
// expression; here in one expression, where a digit ends a run of spaces as the end of text does.
const std::map<std::string_view, const char*>& patterns() {
  static const std::map<std::string_view, const char*> known = {
      {"smollm", "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+|\\p{N}| ?[^" EMF_SPACE "\\p{L}\\p{N}]+"
                 "|[" EMF_SPACE "]+(?![^" EMF_SPACE "\\p{N}])|[" EMF_SPACE "]+"},
  };
  return known;
}

#undef EMF_SPACE

/// GPT-2's visible character for each byte: itself where printable, else the next free one from U+0100 on.
std::array<std::string, 256> byte_alphabet() {
  std::array<std::string, 256> alphabet;
  int32_t spare = 256;
  for (int32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
    append_utf8(alphabet[static_cast<size_t>(byte)], printable ? byte : spare++);
  }
  return alphabet;
}

/// A name out of a file, fit for an error line.
std::string quoted(std::string_view name) {
  return Json(std::string(name.substr(0, 60))).dump(-1, ' ', true, Json::error_handler_t::replace);
}

uint64_t pair_of(int32_t left, int32_t right) {
  return static_cast<uint64_t>(static_cast<uint32_t>(left)) << 32 | static_cast<uint32_t>(right);
}

size_t slot_of(uint64_t pair) { return static_cast<size_t>((pair * 0x9E3779B97F4A7C15ULL) >> 20); }

}  // namespace

/// Memory of one call, reused from piece to piece.
struct ByteLevelBpe::Workspace {
  struct Symbol {
    int32_t id, previous, next;  // places in symbols, -1 = none; id -1 = merged away
  };
  struct Candidate {
    int32_t rank, place, id;
    // The queue gives its greatest: the best rank, then the leftmost.
    bool operator<(const Candidate& other) const {
      return rank != other.rank ? rank > other.rank : place > other.place;
    }
  };
  std::vector<Symbol> symbols;
  std::priority_queue<Candidate> candidates;
};

ByteLevelBpe::ByteLevelBpe(const std::vector<std::string_view>& tokens,
                           const std::vector<std::string_view>& merges, Pattern pattern,
                           const std::string& origin)
    : pattern_(std::move(pattern)), vocabulary_size_(static_cast<int64_t>(tokens.size())) {
  std::unordered_map<std::string_view, int32_t> ids(tokens.size() * 2);
  for (size_t i = 0; i < tokens.size(); ++i) ids.emplace(tokens[i], static_cast<int32_t>(i));
  const std::array<std::string, 256> alphabet = byte_alphabet();
  for (size_t byte = 0; byte < alphabet.size(); ++byte) {
    const auto found = ids.find(alphabet[byte]);
    byte_ids_[byte] = found == ids.end() ? -1 : found->second;
  }
  table_.resize(std::bit_ceil(std::max<size_t>(16, merges.size() * 2 + 1)));
  std::string joined;
  for (size_t rank = 0; rank < merges.size(); ++rank) {
    const std::string_view merge = merges[rank];
    const size_t space = std::min(merge.find(' '), merge.size());
    const std::string_view left = merge.substr(0, space);
    const std::string_view right = space < merge.size() ? merge.substr(space + 1) : std::string_view();
    joined.assign(left).append(right);
    const auto first = ids.find(left), second = ids.find(right), both = ids.find(joined);
    if (first == ids.end() || second == ids.end() || both == ids.end()) {
      fail_input("{}: merge {} is no pair of pieces of the vocabulary", origin, rank);
    }
    insert({pair_of(first->second, second->second), static_cast<int32_t>(rank), both->second});
  }
}

void ByteLevelBpe::insert(const Merge& merge) {
  const size_t last = table_.size() - 1;
  size_t slot = slot_of(merge.pair) & last;
  while (table_[slot].pair != kNoPair) {
    if (table_[slot].pair == merge.pair) return;  // the better rank came first
    slot = (slot + 1) & last;
  }
  table_[slot] = merge;
}

const ByteLevelBpe::Merge* ByteLevelBpe::find(int32_t left, int32_t right) const {
  const uint64_t pair = pair_of(left, right);
  const size_t last = table_.size() - 1;
  for (size_t slot = slot_of(pair) & last; table_[slot].pair != kNoPair; slot = (slot + 1) & last) {
    if (table_[slot].pair == pair) return &table_[slot];
  }
  return nullptr;
}

void ByteLevelBpe::encode_piece(std::string_view piece, Workspace& work, std::vector<int64_t>& ids) const {
  auto& symbols = work.symbols;
  symbols.clear();
  for (const char c : piece) {
    const int32_t id = byte_ids_[static_cast<unsigned char>(c)];
    if (id < 0) continue;
    const auto place = static_cast<int32_t>(symbols.size());
    symbols.push_back({id, place - 1, place + 1});
  }
  if (symbols.empty()) return;
  symbols.back().next = -1;

  const auto offer = [&](int32_t place) {
    if (place < 0) return;
    const auto& symbol = symbols[static_cast<size_t>(place)];
    if (symbol.next < 0) return;
    const Merge* merge = find(symbol.id, symbols[static_cast<size_t>(symbol.next)].id);
    if (merge != nullptr) work.candidates.push({merge->rank, place, merge->id});
  };
  for (size_t place = 0; place + 1 < symbols.size(); ++place) offer(static_cast<int32_t>(place));
  while (!work.candidates.empty()) {
    const auto best = work.candidates.top();
    work.candidates.pop();
    auto& symbol = symbols[static_cast<size_t>(best.place)];
    if (symbol.id < 0 || symbol.next < 0) continue;
    auto& right = symbols[static_cast<size_t>(symbol.next)];
    // Stale: one of the two has merged with another since.
    const Merge* merge = find(symbol.id, right.id);
    if (merge == nullptr || merge->rank != best.rank) continue;
    symbol.id = best.id;
    symbol.next = right.next;
    right.id = -1;
    if (symbol.next >= 0) symbols[static_cast<size_t>(symbol.next)].previous = best.place;
    offer(symbol.previous);
    offer(best.place);
  }
  for (int32_t place = 0; place >= 0; place = symbols[static_cast<size_t>(place)].next) {
    ids.push_back(symbols[static_cast<size_t>(place)].id);
  }
}

std::vector<int64_t> ByteLevelBpe::encode(std::string_view text, bool /*with_specials*/) const {
  const size_t bad = invalid_utf8_at(text);
  if (bad != std::string_view::npos) fail_input("text is not UTF-8 at byte {}", bad);
  std::vector<int64_t> ids;
  Workspace work;
  for (const std::string_view piece : pattern_.pieces(text)) encode_piece(piece, work, ids);
  return ids;
}

std::unique_ptr<ByteLevelBpe> byte_level_bpe(const GgufFile& file) {
  const std::string origin = file.path().string();
  const std::string_view model = file.text("tokenizer.ggml.model");
  if (model != "gpt2")
    fail_input("{}: tokenizer kind {} is not read here (known: gpt2)", origin, quoted(model));
  const std::string_view pre = file.text("tokenizer.ggml.pre");
  const auto pattern = patterns().find(pre);
  if (pattern == patterns().end()) {
    std::vector<std::string> known;
    for (const auto& [name, expression] : patterns()) known.emplace_back(name);
    fail_input("{}: pre-tokenizer {} is not read here{}", origin, quoted(pre), suggestion(pre, known));
  }
  return std::make_unique<ByteLevelBpe>(file.texts("tokenizer.ggml.tokens"),
                                        file.texts("tokenizer.ggml.merges"), Pattern(pattern->second),
                                        origin);
}

}  // namespace emf
