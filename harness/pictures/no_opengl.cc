// SPDX-License-Identifier: Apache-2.0
// OpenCV's archive asks for OpenGL's door, which would bring the libraries of a display with it. Nothing here draws
// through OpenGL, and OpenCV says so where it is asked to and finds none.

using OpenGlFunction = void (*)();
extern "C" __attribute__((visibility("hidden"))) OpenGlFunction glXGetProcAddressARB(const unsigned char*) {
  return nullptr;
}
