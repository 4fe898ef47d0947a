// SPDX-License-Identifier: Apache-2.0
#include "encoders/tokenizers/text_lines.h"

#include <zlib.h>

#include <memory>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/base/utf8.h"

namespace emf {

std::string read_text_or_gzip(const std::filesystem::path& path) {
  std::string text;
  if (path.extension() != ".gz") {
    text = read_file(path);
  } else {
    constexpr size_t kMaxBytes = size_t{256} << 20;
    MappedFile check(path);  // says in our words when it is absent
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
    if (!file) fail_input("{} cannot be opened", path.string());
    char block[1 << 16];
    int count = 0;
    while ((count = gzread(file.get(), block, sizeof block)) > 0) {
      text.append(block, static_cast<size_t>(count));
      if (text.size() > kMaxBytes) fail_input("{} unpacks to more than {} bytes", path.string(), kMaxBytes);
    }
    int error = Z_OK;
    gzerror(file.get(), &error);
    if (count < 0 || error != Z_OK) fail_input("{} is no whole gzip file", path.string());
  }
  const size_t bad = invalid_utf8_at(text);
  if (bad != std::string::npos) fail_input("{} is not UTF-8 at byte {}", path.string(), bad);
  return text;
}

std::vector<std::string_view> text_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace emf
