#include "harness/pictures/decode.h"

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "harness/pictures/decoder_talk.h"
#include "harness/pictures/picture_header.h"

namespace emf::pictures {
namespace {

PictureHeader header_of(const std::string& encoded) {
  return read_picture_header([&](uint64_t offset, size_t length) { return encoded.substr(offset, length); },
                             encoded.size());
}

cv::Mat decode_with(const std::string& encoded, int flags) {
  const cv::Mat bytes(1, static_cast<int>(encoded.size()), CV_8U, const_cast<char*>(encoded.data()));
  const DecoderTalk talk;
  cv::Mat decoded;
  try {
    decoded = cv::imdecode(bytes, flags);
  } catch (const cv::Exception&) {
    decoded.release();
  }
  if (decoded.empty()) throw UnreadablePicture("cannot be decoded");
  // OpenCV takes what libjpeg makes of broken data; libjpeg says so in these words. Its other remarks ("extraneous
  // bytes before marker") are of harmless oddities.
  for (const char* complaint : {"premature end", "Premature end", "bad Huffman code"}) {
    if (talk.text().find(complaint) != std::string::npos) throw UnreadablePicture("holds damaged JPEG data");
  }
  return decoded;
}

/// (v + 127) / 255 rounds.
uint8_t over_white(int value, int alpha) {
  return static_cast<uint8_t>((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

}  // namespace

Picture decode(const std::string& encoded) {
  const PictureHeader header = header_of(encoded);
  // IMREAD_UNCHANGED keeps alpha but leaves a JPEG of four inks as it is, and JPEGs have no alpha.
  const bool jpeg = header.format == Format::kJpeg;
  cv::Mat decoded =
      decode_with(encoded, jpeg ? cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION : cv::IMREAD_UNCHANGED);
  if (decoded.depth() == CV_16U) decoded.convertTo(decoded, CV_8U, 1.0 / 257);
  if (decoded.depth() != CV_8U) throw UnreadablePicture("has neither 8 nor 16 bits a colour");
  Picture picture{decoded.rows, decoded.cols, std::vector<uint8_t>(decoded.total() * 3)};
  cv::Mat target(decoded.rows, decoded.cols, CV_8UC3, picture.rgb.data());
  if (decoded.channels() == 1) {
    cv::cvtColor(decoded, target, cv::COLOR_GRAY2RGB);
  } else if (decoded.channels() == 3) {
    cv::cvtColor(decoded, target, cv::COLOR_BGR2RGB);
  } else {
    uint8_t* at = picture.rgb.data();
    for (const cv::Vec4b& bgra : cv::Mat4b(decoded)) {
      for (const int channel : {2, 1, 0}) *at++ = over_white(bgra[channel], bgra[3]);
    }
  }
  return picture;
}

void check_decodes(const std::string& encoded) {
  header_of(encoded);
  decode_with(encoded, cv::IMREAD_REDUCED_COLOR_8 | cv::IMREAD_IGNORE_ORIENTATION);
}

}  // namespace emf::pictures
