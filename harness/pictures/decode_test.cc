// What is decoded, what is refused, and that decoders stay silent.
#include "harness/pictures/decode.h"

#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "harness/pictures/decoder_talk.h"
#include "harness/pictures/picture_header.h"
#include "tests/drawn_pictures.h"

namespace emf::pictures {
namespace {

std::string encode(const std::string& extension, const cv::Mat& picture) {
  std::vector<uint8_t> bytes;
  cv::imencode(extension, picture, bytes);
  return {bytes.begin(), bytes.end()};
}

PictureHeader header_of(const std::string& bytes) {
  return read_picture_header([&](uint64_t at, size_t length) { return bytes.substr(at, length); }, bytes.size());
}

std::string complaint(const std::string& bytes) {
  try {
    decode(bytes);
  } catch (const UnreadablePicture& error) {
    return error.what();
  }
  return "";
}

TEST(Header, SizesAreTheDecoders) {
  for (const char* extension : {".jpg", ".png", ".webp"}) {
    const std::string bytes = encoded_picture(extension, 3, 37, 61);
    const PictureHeader header = header_of(bytes);
    EXPECT_EQ(header.height, 37) << extension;
    EXPECT_EQ(header.width, 61) << extension;
    const Picture picture = decode(bytes);
    EXPECT_EQ(picture.height, 37);
    EXPECT_EQ(picture.width, 61);
  }
  std::vector<uint8_t> lossless;
  cv::imencode(".webp", drawn_picture(1, 20, 30), lossless, {cv::IMWRITE_WEBP_QUALITY, 101});
  EXPECT_EQ(header_of({lossless.begin(), lossless.end()}).width, 30);
  std::vector<uint8_t> progressive;
  cv::imencode(".jpg", drawn_picture(1, 20, 30), progressive, {cv::IMWRITE_JPEG_PROGRESSIVE, 1});
  EXPECT_EQ(header_of({progressive.begin(), progressive.end()}).height, 20);
}

TEST(Header, StepsOverALongSegmentWithAThumbnail) {
  // An EXIF segment of 60,000 bytes that holds a JPEG of its own: its size and its end mark are not the picture's.
  const std::string jpeg = encoded_picture(".jpg", 1, 50, 70), thumbnail = encoded_picture(".jpg", 2, 8, 8);
  std::string segment = "\xff\xe1" + std::string("\xea\x60", 2) + thumbnail;
  segment.resize(2 + 0xea60, 'x');
  const std::string whole = jpeg.substr(0, 2) + segment + jpeg.substr(2);
  EXPECT_EQ(header_of(whole).height, 50);
  EXPECT_EQ(decode(whole).width, 70);
  EXPECT_EQ(complaint(whole.substr(0, whole.size() - jpeg.size() / 3)), "is cut short");
  // Bytes behind the end do no harm, however many.
  EXPECT_EQ(complaint(whole + std::string(50000, '\0')), "");
}

TEST(Decode, GreyDeepAndTransparentBecomeRgb) {
  const cv::Mat1b grey(4, 5, uint8_t{77});
  EXPECT_EQ(decode(encode(".png", grey)).rgb, std::vector<uint8_t>(4 * 5 * 3, 77));
  EXPECT_NEAR(decode(encode(".jpg", grey)).rgb[0], 77, 1);
  const cv::Mat deep(4, 5, CV_16UC3, cv::Scalar(257 * 10, 257 * 20, 257 * 30));
  const std::vector<uint8_t> rgb = decode(encode(".png", deep)).rgb;
  EXPECT_EQ((std::vector<uint8_t>(rgb.begin(), rgb.begin() + 3)), (std::vector<uint8_t>{30, 20, 10}));
  const cv::Mat4b clear(4, 5, cv::Vec4b(0, 0, 200, 51));  // a fifth of red over white
  const std::vector<uint8_t> laid = decode(encode(".png", clear)).rgb;
  EXPECT_EQ((std::vector<uint8_t>(laid.begin(), laid.begin() + 3)), (std::vector<uint8_t>{244, 204, 204}));
}

TEST(Decode, RefusesWhatIsNotAllThere) {
  for (const char* extension : {".jpg", ".png", ".webp"}) {
    const std::string bytes = encoded_picture(extension, 5, 64, 64);
    EXPECT_EQ(complaint(bytes), "") << extension;
    for (const double share : {0.3, 0.6, 0.98}) {
      const std::string cut = bytes.substr(0, static_cast<size_t>(static_cast<double>(bytes.size()) * share));
      EXPECT_NE(complaint(cut), "") << extension << " " << share;
      EXPECT_THROW(check_decodes(cut), UnreadablePicture) << extension << " " << share;
    }
  }
  EXPECT_EQ(complaint(""), "is empty");
  EXPECT_EQ(complaint("GIF89a and so on"), "is no JPEG, PNG or WebP");
  for (const char* magic : {"\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "RIFF____WEBP"})
    EXPECT_NE(complaint(magic), "") << magic;
  // A JPEG whose middle is lost but whose end is there: only libjpeg's words tell.
  const std::string jpeg = encoded_picture(".jpg", 5, 200, 200);
  const std::string holed = jpeg.substr(0, jpeg.size() / 2) + jpeg.substr(jpeg.size() - 2);
  EXPECT_NE(complaint(holed), "");
  EXPECT_THROW(check_decodes(holed), UnreadablePicture);
}

TEST(Decode, DecodersAreSilentAndOthersAreHeard) {
  const std::string jpeg = encoded_picture(".jpg", 5, 200, 200), png = encoded_picture(".png", 5, 64, 64);
  testing::internal::CaptureStderr();
  complaint(jpeg.substr(0, jpeg.size() / 2) + jpeg.substr(jpeg.size() - 2));
  std::string broken = png;
  broken[png.size() / 2] ^= 0x55;
  complaint(broken);
  {
    const DecoderTalk talk;
    std::fputs("kept", stderr);
    std::thread([] { std::fputs("heard", stderr); }).join();
    EXPECT_EQ(talk.text(), "kept");
  }
  std::fputs(" afterwards", stderr);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "heard afterwards");
}

TEST(Decode, OrientationsAreNotFollowed) {
  const std::string plain = encoded_picture(".jpg", 3, 37, 61);
  const std::string turned = with_orientation(plain, 6);
  // OpenCV sees the mark, and would turn the picture if it were let.
  const cv::Mat bytes(1, static_cast<int>(turned.size()), CV_8U, const_cast<char*>(turned.data()));
  ASSERT_EQ(cv::imdecode(bytes, cv::IMREAD_COLOR).rows, 61);
  EXPECT_EQ(decode(turned).rgb, decode(plain).rgb);
  EXPECT_EQ(decode(turned).height, 37);
}

}  // namespace
}  // namespace emf::pictures
