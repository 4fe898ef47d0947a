#include "reports/blocks/picture_tiles.h"

#include <opencv2/imgcodecs.hpp>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {

std::string base64(const std::vector<unsigned char>& bytes) {
  constexpr const char* kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t have = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < have ? bytes[i + k] : 0u);
    for (size_t k = 0; k < 4; ++k) text += k <= have ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

std::vector<std::string> cut_tiles(const std::filesystem::path& grid, std::array<int, 2> tile, int columns,
                                   const std::vector<size_t>& indices) {
  const std::string bytes = read_file(grid);
  if (bytes.empty()) fail_input("{} is empty, not a PNG", grid.string());
  const cv::Mat encoded(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<char*>(bytes.data()));
  const cv::Mat image = cv::imdecode(encoded, cv::IMREAD_COLOR);
  if (image.empty()) fail_input("{} is not a PNG", grid.string());
  const auto [height, width] = tile;
  std::vector<std::string> uris;
  for (const size_t index : indices) {
    const auto place = static_cast<int>(index);
    const cv::Rect area(place % columns * width, place / columns * height, width, height);
    if ((area & cv::Rect(0, 0, image.cols, image.rows)) != area) {
      fail_input("{} is {}x{} pixels and holds no tile {} of {}x{} pixels, {} a row", grid.string(), image.cols,
                 image.rows, index, width, height, columns);
    }
    std::vector<unsigned char> png;
    ensure(cv::imencode(".png", image(area), png, {cv::IMWRITE_PNG_COMPRESSION, 9}), "cannot encode a {}x{} PNG", width,
           height);
    uris.push_back("data:image/png;base64," + base64(png));
  }
  return uris;
}

}  // namespace emf
