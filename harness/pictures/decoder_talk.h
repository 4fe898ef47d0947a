// What libjpeg and libpng print of damaged pictures: kept from the terminal, and read, since OpenCV does not pass it
// on.
#pragma once

#include <string>

namespace emf::pictures {

/// While one lives, what this thread writes to the C stream `stderr` is kept; other threads' words pass as ever.
class DecoderTalk {
 public:
  DecoderTalk();
  ~DecoderTalk();
  DecoderTalk(const DecoderTalk&) = delete;
  DecoderTalk& operator=(const DecoderTalk&) = delete;

  /// What was said so far, at most a few hundred bytes of it.
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::string* outer_;
};

}  // namespace emf::pictures
