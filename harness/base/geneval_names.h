// The words GenEval's captions are made of: object classes, colours, relations and task tags, in its own
// order.
#pragma once

#include <array>
#include <string_view>

namespace emf {

/// COCO's 80 classes as GenEval spells them.   @source  GenEval object_names.txt.
inline constexpr std::array<std::string_view, 80> kGenevalClasses = {"person",
                                                                     "bicycle",
                                                                     "car",
                                                                     "motorcycle",
                                                                     "airplane",
                                                                     "bus",
                                                                     "train",
                                                                     "truck",
                                                                     "boat",
                                                                     "traffic light",
                                                                     "fire hydrant",
                                                                     "stop sign",
                                                                     "parking meter",
                                                                     "bench",
                                                                     "bird",
                                                                     "cat",
                                                                     "dog",
                                                                     "horse",
                                                                     "sheep",
                                                                     "cow",
                                                                     "elephant",
                                                                     "bear",
                                                                     "zebra",
                                                                     "giraffe",
                                                                     "backpack",
                                                                     "umbrella",
                                                                     "handbag",
                                                                     "tie",
                                                                     "suitcase",
                                                                     "frisbee",
                                                                     "skis",
                                                                     "snowboard",
                                                                     "sports ball",
                                                                     "kite",
                                                                     "baseball bat",
                                                                     "baseball glove",
                                                                     "skateboard",
                                                                     "surfboard",
                                                                     "tennis racket",
                                                                     "bottle",
                                                                     "wine glass",
                                                                     "cup",
                                                                     "fork",
                                                                     "knife",
                                                                     "spoon",
                                                                     "bowl",
                                                                     "banana",
                                                                     "apple",
                                                                     "sandwich",
                                                                     "orange",
                                                                     "broccoli",
                                                                     "carrot",
                                                                     "hot dog",
                                                                     "pizza",
                                                                     "donut",
                                                                     "cake",
                                                                     "chair",
                                                                     "couch",
                                                                     "potted plant",
                                                                     "bed",
                                                                     "dining table",
                                                                     "toilet",
                                                                     "tv",
                                                                     "laptop",
                                                                     "computer mouse",
                                                                     "tv remote",
                                                                     "computer keyboard",
                                                                     "cell phone",
                                                                     "microwave",
                                                                     "oven",
                                                                     "toaster",
                                                                     "sink",
                                                                     "refrigerator",
                                                                     "book",
                                                                     "clock",
                                                                     "vase",
                                                                     "scissors",
                                                                     "teddy bear",
                                                                     "hair drier",
                                                                     "toothbrush"};

/// @source  GenEval evaluate_images.py, COLORS.
inline constexpr std::array<std::string_view, 10> kGenevalColors = {
    "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown", "black", "white"};

/// Where the second object stands as seen from the first.
inline constexpr std::array<std::string_view, 4> kGenevalRelations = {"left of", "right of", "above",
                                                                      "below"};

inline constexpr std::array<std::string_view, 6> kGenevalTags = {"single_object", "two_object", "counting",
                                                                 "colors",        "position",   "color_attr"};

}  // namespace emf
