// SPDX-License-Identifier: Apache-2.0
#include "data/captioned/file_bytes.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/base/bounded.h"
#include "harness/base/error.h"

namespace emf::captioned {
std::string read_bytes(const std::string& path, uint64_t offset, uint64_t length) {
  if (!path_exists(path)) fail_missing("{}: no such file; it was there when the data set was listed", path);
  const InputFile file(path);
  if (offset > file.size() || length > file.size() - offset) {
    fail_input("{}: ends at byte {}, was longer when it was listed; start again", path, file.size());
  }
  std::string bytes(length, '\0');
  for (size_t done = 0; done < length;) {
    const ssize_t read =
        ::pread(file.descriptor(), bytes.data() + done, length - done, static_cast<off_t>(offset + done));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) fail_input("{}: {}", path, std::strerror(errno));
    if (read == 0) fail_input("{}: ends at byte {}, was longer when it was listed; start again", path, offset + done);
    done += static_cast<size_t>(read);
  }
  return bytes;
}

}  // namespace emf::captioned
