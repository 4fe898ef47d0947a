// SPDX-License-Identifier: Apache-2.0
// WebPs by libwebp, of animations the first frame.
#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>

#include "harness/pictures/orientation.h"
#include "harness/pictures/stored_picture.h"

namespace emf::pictures {
namespace {

const uint8_t* bytes_of(std::string_view encoded) { return reinterpret_cast<const uint8_t*>(encoded.data()); }

[[noreturn]] void refuse(VP8StatusCode status) {
  const bool is_short = status == VP8_STATUS_NOT_ENOUGH_DATA || status == VP8_STATUS_SUSPENDED;
  throw UnreadablePicture(is_short ? "is cut short" : "holds damaged WebP data");
}

int orientation_of(std::string_view encoded) {
  const WebPData data = {bytes_of(encoded), encoded.size()};
  const std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)> demuxer(WebPDemux(&data), WebPDemuxDelete);
  if (!demuxer) return 1;
  const auto chunk = [&](const char* name, int (*read)(std::string_view)) {
    WebPChunkIterator found;
    if (WebPDemuxGetChunk(demuxer.get(), name, 1, &found) == 0) return 0;
    const int orientation = read({reinterpret_cast<const char*>(found.chunk.bytes), found.chunk.size});
    WebPDemuxReleaseChunkIterator(&found);
    return orientation;
  };
  const int exif = chunk("EXIF", exif_orientation), found = exif != 0 ? exif : chunk("XMP ", xmp_orientation);
  return found != 0 ? found : 1;
}

StoredPicture first_frame(std::string_view encoded) {
  const WebPData data = {bytes_of(encoded), encoded.size()};
  WebPAnimDecoderOptions options;
  if (WebPAnimDecoderOptionsInit(&options) == 0) refuse(VP8_STATUS_INVALID_PARAM);
  options.color_mode = MODE_RGBA;
  const std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(WebPAnimDecoderNew(&data, &options),
                                                                                   WebPAnimDecoderDelete);
  WebPAnimInfo info;
  uint8_t* rgba = nullptr;
  int time = 0;
  if (!decoder || WebPAnimDecoderGetInfo(decoder.get(), &info) == 0 ||
      WebPAnimDecoderGetNext(decoder.get(), &rgba, &time) == 0) {
    refuse(VP8_STATUS_BITSTREAM_ERROR);
  }
  StoredPicture picture;
  picture.height = static_cast<int>(info.canvas_height), picture.width = static_cast<int>(info.canvas_width);
  picture.channels = 4;
  picture.bytes.assign(rgba, rgba + size_t{4} * info.canvas_height * info.canvas_width);
  return picture;
}

}  // namespace

StoredPicture decode_webp(std::string_view encoded, const Wanted& wanted) {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) refuse(VP8_STATUS_INVALID_PARAM);
  const VP8StatusCode seen = WebPGetFeatures(bytes_of(encoded), encoded.size(), &config.input);
  if (seen != VP8_STATUS_OK) refuse(seen);
  StoredPicture picture;
  if (config.input.has_animation != 0) {
    picture = first_frame(encoded);
  } else {
    picture.height = config.input.height, picture.width = config.input.width;
    picture.channels = config.input.has_alpha != 0 ? 4 : 3;
    const size_t stride = static_cast<size_t>(picture.width) * static_cast<size_t>(picture.channels);
    picture.bytes.resize(stride * static_cast<size_t>(picture.height));
    config.output.colorspace = picture.channels == 4 ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = {picture.bytes.data(), static_cast<int>(stride), picture.bytes.size()};
    const VP8StatusCode status = WebPDecode(bytes_of(encoded), encoded.size(), &config);
    WebPFreeDecBuffer(&config.output);
    if (status != VP8_STATUS_OK) refuse(status);
  }
  if (wanted.orientation) picture.orientation = orientation_of(encoded);
  return picture;
}

}  // namespace emf::pictures
