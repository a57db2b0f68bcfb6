#include "app/window/layout.h"

#include <algorithm>
#include <cmath>

namespace penumbra {
namespace {
constexpr float kMenu = 30, kStatus = 28, kGrip = 6;       // heights and the width of a splitter at scale 1
constexpr float kMinSide = 250, kMaxSide = 560, kMinBottom = 110, kMaxBottom = 480;
constexpr float kSidesShare = 0.62f, kBottomShare = 0.42f;  // of the window, at most
}  // namespace

Layout computeLayout(float width, float height, float scale, const LayoutSizes& sizes, bool panelsHidden) {
  Layout l;
  const float menu = std::round(kMenu * scale), status = std::round(kStatus * scale), grip = std::round(kGrip * scale);
  l.menu = {0, 0, width, menu};
  l.status = {0, height - status, width, status};
  const float middle = std::max(1.f, height - menu - status);
  if (panelsHidden) {
    l.viewport = {0, menu, width, middle};
    return l;
  }
  float left = std::round(sizes.left * scale), right = std::round(sizes.right * scale);
  const float room = kSidesShare * width;
  if (left + right > room) {
    const float shrink = room / (left + right);
    left = std::floor(left * shrink);
    right = std::floor(right * shrink);
  }
  const float bottom = std::round(std::min(sizes.bottom * scale, kBottomShare * middle));
  l.left = {0, menu, left, middle};
  l.right = {width - right, menu, right, middle};
  const float centreWidth = std::max(1.f, width - left - right);
  l.viewport = {left, menu, centreWidth, std::max(1.f, middle - bottom)};
  l.plot = {left, menu + l.viewport.height, centreWidth, bottom};
  l.leftSplitter = {left - grip / 2, menu, grip, middle};
  l.rightSplitter = {l.right.x - grip / 2, menu, grip, middle};
  l.bottomSplitter = {left, l.plot.y - grip / 2, centreWidth, grip};
  return l;
}

CardRoom reportRoom(const Rect& viewport, float scale) {
  const float width = viewport.width / scale, height = viewport.height / scale;
  if (width < 560 || height < 400) return CardRoom::Summary;
  return height < 500 ? CardRoom::Rows : CardRoom::Details;
}

LayoutSizes dragLeft(LayoutSizes sizes, float delta, float scale) {
  sizes.left = std::clamp(sizes.left + delta / scale, kMinSide, kMaxSide);
  return sizes;
}

LayoutSizes dragRight(LayoutSizes sizes, float delta, float scale) {
  sizes.right = std::clamp(sizes.right - delta / scale, kMinSide, kMaxSide);
  return sizes;
}

LayoutSizes dragBottom(LayoutSizes sizes, float delta, float scale, float windowHeight) {
  const float most = std::max(kMinBottom, std::min(kMaxBottom, kBottomShare * windowHeight / scale));
  sizes.bottom = std::clamp(sizes.bottom - delta / scale, kMinBottom, most);
  return sizes;
}

}  // namespace penumbra
