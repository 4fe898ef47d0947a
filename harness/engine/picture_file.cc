#include "harness/engine/picture_file.h"

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "harness/base/error.h"
#include "harness/base/file.h"

namespace emf {

void write_picture_grid(const std::filesystem::path& path, const at::Tensor& pictures, int64_t columns) {
  const int64_t count = pictures.size(0), height = pictures.size(2), width = pictures.size(3);
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

}  // namespace emf
