// Pictures that compare a view's mask (target) with the coverage rendered from the mesh.
#pragma once
#include <vector>

#include "renderer/core/types.h"
#include "renderer/image.h"

namespace penumbra {

enum class CompareMode { Target, Render, Difference, Contour, Split };
constexpr int kCompareModes = 5;
const char* toString(CompareMode mode);

// One picture. `render` may be null (not known yet): then the target alone is shown, dimmed where the mode needs both.
// Images with a longer side than `maxSide` are reduced by area averaging first. `split` is where Split changes from
// target (left) to render (right), as a share of the width.
//   Difference: orange where render > target, blue where render < target, grey where both agree; `sigma` is the softness
//               of the render (0: unknown), whose edge is made about one pixel wide.
//   Contour:    the target as a faint fill; the outlines themselves are drawn as lines, see outlineSegments.
RgbaImage composeView(const Mask& target, const Mask* render, CompareMode mode, double split, int maxSide, double sigma = 0);

// Factor that makes the edge of coverage of this softness, in a picture of this size, about one pixel wide.
float edgeGain(double sigma, int width, int height);

// Area average to at most `maxSide` pixels a side; the mask itself when it is small enough.
Mask reduceMask(const Mask& mask, int maxSide);

// The same for a picture; its alpha is averaged too.
RgbaImage reduceImage(const RgbaImage& image, int maxSide);

// The level set of a mask as line segments in pixel coordinates (pixel centres at +0.5), by marching squares with
// linear interpolation. The outside of the image counts as empty.
struct Segment { glm::vec2 a, b; };
std::vector<Segment> outlineSegments(const Mask& mask, float level = 0.5f);

// Views sorted worst first; unknown ones (-1) at the end; ties by index.
std::vector<int> worstFirst(const std::vector<float>& viewIoU, int views);

}  // namespace penumbra
