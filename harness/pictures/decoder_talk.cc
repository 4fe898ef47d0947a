#include "harness/pictures/decoder_talk.h"

#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <opencv2/core/utils/logger.hpp>

namespace emf::pictures {
namespace {

constexpr size_t kMostKept = 512;

/// Where the words of this thread go; null: to the terminal.
thread_local std::string* kept_words = nullptr;

ssize_t write_words(void*, const char* bytes, size_t count) {
  if (kept_words == nullptr) {
    // What cannot be told on stderr cannot be told anywhere.
    for (size_t done = 0; done < count;) {
      const ssize_t written = ::write(STDERR_FILENO, bytes + done, count - done);
      if (written <= 0) break;
      done += static_cast<size_t>(written);
    }
    return static_cast<ssize_t>(count);
  }
  if (kept_words->size() < kMostKept) kept_words->append(bytes, std::min(count, kMostKept - kept_words->size()));
  return static_cast<ssize_t>(count);
}

/// Puts a stream in the place of `stderr` that asks which thread is speaking (glibc lets programs assign it). OpenCV
/// makes libjpeg and libpng with their default messages and offers no way to others; turning file descriptor 2 away
/// would silence every thread.
void listen() {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  FILE* stream = fopencookie(nullptr, "w", {nullptr, write_words, nullptr, nullptr});
  if (stream == nullptr) return;  // then the words reach the terminal, and nothing else goes wrong
  setvbuf(stream, nullptr, _IONBF, 0);
  stderr = stream;
}

}  // namespace

DecoderTalk::DecoderTalk() : outer_(kept_words) {
  static std::once_flag once;
  std::call_once(once, listen);
  kept_words = &text_;
}

DecoderTalk::~DecoderTalk() { kept_words = outer_; }

}  // namespace emf::pictures
