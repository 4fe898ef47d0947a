// SPDX-License-Identifier: Apache-2.0
#include "data/captioned/examine.h"

#include <map>
#include <mutex>

#include "harness/base/chunks.h"
#include "harness/base/error.h"
#include "harness/base/progress.h"
#include "harness/pictures/decode.h"
#include "harness/pictures/picture_header.h"

namespace emf::captioned {
namespace {

using pictures::kEdgeBytes;

constexpr size_t kLeastPictures = 32;  // worth a thread of their own
constexpr uint32_t kWorthALine = 5000;

/// Throws UnreadablePicture when the picture is none.
Sha256Digest examine(const PictureTable& table, uint32_t picture, bool body) {
  const uint64_t size = table.encoded_bytes(picture);
  const std::string first = table.encoded(picture, 0, kEdgeBytes);
  const uint64_t tail = std::max<uint64_t>(kEdgeBytes, size - std::min<uint64_t>(size, kEdgeBytes));
  const std::string last = table.encoded(picture, tail);
  const auto read = [&](uint64_t offset, size_t length) {
    if (offset + length <= first.size()) return first.substr(offset, length);
    if (offset == 0 && first.size() == size) return first;
    if (offset >= tail && offset + length <= size) return last.substr(offset - tail, length);
    return table.encoded(picture, offset, length);
  };
  if (body) {
    pictures::check_decodes(table.encoded(picture));
  } else {
    pictures::read_picture_header(read, size);
  }
  Sha256 digest;
  digest.update(first.data(), first.size());
  digest.update(last.data(), last.size());
  return digest.digest();
}

}  // namespace

void examine_pictures(PictureTable& table, Check check, Sha256& digest) {
  const bool bodies = check == Check::kBodies || (check == Check::kAuto && table.size() <= kMostChecked);
  if (bodies && table.size() > kWorthALine)
    say(fmt::format("decoding {} pictures once, to find damaged ones", table.size()));
  std::vector<Sha256Digest> digests(table.size());
  std::map<uint32_t, std::string> reasons;
  std::mutex reasons_mutex;
  in_chunks(table.size(), kLeastPictures, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const auto picture = static_cast<uint32_t>(i);
      std::string reason;
      try {
        digests[i] = examine(table, picture, bodies);
        continue;
      } catch (const pictures::UnreadablePicture& error) {
        reason = error.what();
      } catch (const UserError&) {
        reason = "cannot be opened";  // without its path: one reason, however many files
      }
      const std::lock_guard lock(reasons_mutex);
      reasons.emplace(picture, reason);
    }
  });
  for (uint32_t picture = 0; picture < table.size(); ++picture) {
    const std::string head = fmt::format("{}\n{}\n", table.name(picture), table.encoded_bytes(picture));
    digest.update(head.data(), head.size());
    digest.update(digests[picture].data(), digests[picture].size());
  }
  for (const auto& [picture, reason] : reasons) table.leave_out(picture, reason);
}

}  // namespace emf::captioned
