// SPDX-License-Identifier: Apache-2.0
#include "harness/engine/pictures/picture_file.h"

#include <ATen/ATen.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>

#include <algorithm>

#include "harness/base/error.h"
#include "harness/base/file.h"
#include "harness/pictures/picture_header.h"
#include "harness/pictures/png.h"

namespace emf {

void write_picture_grid(const std::filesystem::path& path, const at::Tensor& pictures, int64_t columns, int64_t count) {
  count = std::min(count, pictures.size(0));
  const int64_t height = pictures.size(2), width = pictures.size(3);
  const int64_t rows = (count + columns - 1) / columns;
  at::Tensor canvas = at::full({rows * height, columns * width, 3}, 255, at::kByte);
  for (int64_t i = 0; i < count; ++i) {
    canvas.narrow(0, i / columns * height, height)
        .narrow(1, i % columns * width, width)
        .copy_(pictures[i].permute({1, 2, 0}));
  }
  const std::span<const uint8_t> pixels(canvas.const_data_ptr<uint8_t>(), static_cast<size_t>(canvas.numel()));
  write_atomically(path,
                   pictures::encode_png(pixels, static_cast<int>(canvas.size(0)), static_cast<int>(canvas.size(1))));
}

at::Tensor picture_tensor(const pictures::Picture& picture) {
  // from_blob() borrows the pixels; contiguous() copies them into planes.
  const at::Tensor rows =
      at::from_blob(const_cast<uint8_t*>(picture.rgb.data()), {picture.height, picture.width, 3}, at::kByte);
  return rows.permute({2, 0, 1}).contiguous();
}

at::Tensor read_picture(const std::filesystem::path& path, pictures::Orientation orientation) {
  const std::string encoded = read_file(path);
  try {
    return picture_tensor(pictures::decode(encoded, pictures::Colors::kPillow, orientation));
  } catch (const pictures::UnreadablePicture& error) {
    fail_input("{}: {}", path.string(), error.what());
  }
}

}  // namespace emf
