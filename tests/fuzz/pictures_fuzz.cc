// SPDX-License-Identifier: Apache-2.0
// Pictures of every format, decoded as the program does.
#include "harness/pictures/decode.h"
#include "harness/pictures/picture_header.h"
#include "tests/fuzz/input.h"

EMF_FUZZ(bytes) {
  for (const auto colors : {emf::pictures::Colors::kSeen, emf::pictures::Colors::kPillow}) {
    try {
      emf::pictures::decode(bytes, colors, emf::pictures::Orientation::kObeyed);
    } catch (const emf::pictures::UnreadablePicture&) {
    }
  }
}
