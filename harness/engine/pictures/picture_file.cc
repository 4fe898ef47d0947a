#include "harness/engine/pictures/picture_file.h"

#include <algorithm>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/pictures/decode.h"
#include "harness/pictures/picture_header.h"

namespace emf {

void write_picture_grid(const std::filesystem::path& path, const at::Tensor& pictures, int64_t columns, int64_t count) {
  count = std::min(count, pictures.size(0));
  const int64_t height = pictures.size(2), width = pictures.size(3);
  const int64_t rows = (count + columns - 1) / columns;
  at::Tensor canvas = at::full({rows * height, columns * width, 3}, 255, at::kByte);
  for (int64_t i = 0; i < count; ++i) {
    canvas.narrow(0, i / columns * height, height)
        .narrow(1, i % columns * width, width)
        .copy_(pictures[i].permute({1, 2, 0}).flip({2}));  // OpenCV's channel order is BGR
  }
  const cv::Mat image(static_cast<int>(rows * height), static_cast<int>(columns * width), CV_8UC3, canvas.data_ptr());
  std::vector<unsigned char> bytes;
  ensure(cv::imencode(".png", image, bytes), "cannot encode a {}x{} PNG", image.cols, image.rows);
  write_atomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

at::Tensor read_picture(const std::filesystem::path& path) {
  const std::string encoded = read_file(path);
  // OpenCV fills what is missing of a file that was cut short with grey, and says nothing. A BMP has no end to look at.
  if (!encoded.starts_with("BM")) {
    try {
      pictures::check_decodes(encoded);
    } catch (const pictures::UnreadablePicture& error) {
      fail_input("{}: {}", path.string(), error.what());
    }
  }
  // As the tools do that the scores are compared with (Pillow's convert("RGB")): an EXIF orientation is not followed,
  // and what is transparent shows the colours beneath.
  const cv::Mat bytes(1, static_cast<int>(encoded.size()), CV_8U, const_cast<char*>(encoded.data()));
  const cv::Mat image =
      encoded.empty() ? cv::Mat() : cv::imdecode(bytes, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  // IMREAD_COLOR gives three channels whatever the file holds; what is empty could not be decoded at all.
  if (image.empty()) fail_input("{}: not a picture that can be read", path.string());
  // from_blob() borrows the picture's memory, whose rows may be padded. The flip below copies, so that nothing
  // of it is left when the picture goes.
  const at::Tensor rows =
      at::from_blob(image.data, {image.rows, image.cols, 3}, {static_cast<int64_t>(image.step), 3, 1}, at::kByte);
  return rows.permute({2, 0, 1}).flip({0}).contiguous();
}

std::vector<std::filesystem::path> picture_paths(const std::filesystem::path& folder) {
  if (!std::filesystem::is_directory(folder)) fail_missing("{}: no such folder of pictures", folder.string());
  const std::vector<std::string> endings = {".png", ".jpg", ".jpeg", ".webp", ".bmp"};
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::string ending = entry.path().extension().string();
    std::transform(ending.begin(), ending.end(), ending.begin(),
                   // unsigned char, because tolower() of a negative char is undefined.
                   [](unsigned char letter) { return std::tolower(letter); });
    if (std::find(endings.begin(), endings.end(), ending) != endings.end()) paths.push_back(entry.path());
  }
  if (paths.empty()) fail_input("{}: no picture in it (.png, .jpg, .jpeg, .webp, .bmp)", folder.string());
  // A folder lists its files in any order, and hashes and bootstraps need the same one every time.
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::vector<PictureFile> read_picture_folder(const std::filesystem::path& folder) {
  std::vector<PictureFile> pictures;
  for (const auto& path : picture_paths(folder)) pictures.push_back({path.filename().string(), read_picture(path)});
  return pictures;
}

}  // namespace emf
