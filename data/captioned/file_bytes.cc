#include "data/captioned/file_bytes.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "harness/base/error.h"

namespace emf::captioned {
namespace {

struct OpenFile {
  int number;
  ~OpenFile() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

std::string read_bytes(const std::string& path, uint64_t offset, uint64_t length) {
  const OpenFile file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number < 0) {
    if (errno == ENOENT) fail_missing("{}: no such file; it was there when the data set was listed", path);
    fail_input("{}: {}", path, std::strerror(errno));
  }
  std::string bytes(length, '\0');
  for (size_t done = 0; done < length;) {
    const ssize_t read = ::pread(file.number, bytes.data() + done, length - done, static_cast<off_t>(offset + done));
    if (read < 0 && errno == EINTR) continue;
    if (read < 0) fail_input("{}: {}", path, std::strerror(errno));
    if (read == 0) fail_input("{}: ends at byte {}, was longer when it was listed; start again", path, offset + done);
    done += static_cast<size_t>(read);
  }
  return bytes;
}

}  // namespace emf::captioned
