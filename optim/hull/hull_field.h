// The visual hull of masks as one continuous field, negative inside.
//
//   F(x) = max( max_v  s_v(pi_v(x)) z_v(x) / f_v ,  |x| - R )
//   s_v   distance to the outline of mask v [px], outside positive, bilinear between pixel centres
//   z_v   depth of x in camera v, f_v focal length [px] (geometric mean of fx and fy): world units near the outline
//   R     radius of the ball that holds the object; it closes what no view sees
// Points outside a view's frame or behind its camera are unknown to that view: it does not carve them. Views whose
// mask is empty are left out. Because anti-aliased masks have sub-pixel outlines, nothing is eroded.
//
// Blocks: s_v changes by at most one pixel a pixel and a ball of radius r at depth z, t = tan of its angle off the axis,
// projects into a disc of radius f r sqrt(1 + t^2) / (z - r). A view whose |s_v| at the ball's centre exceeds that by
// the slack of bilinear interpolation has one sign in the whole ball: most views drop out of most blocks.
// Sources: Laurentini, "The visual hull concept" (1994); the field: signed distances per view, combined by maximum.
#pragma once
#include <span>
#include <vector>

#include "optim/hull/solid_field.h"
#include "optim/view_set.h"
#include "renderer/core/hull_view.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

// The pieces of the field are the views.
class HullField final : public SolidField {
 public:
  // The masks are only read here. Outside the frame is background when `frameCarves`.
  HullField(std::span<const View> views, double radius, bool frameCarves, ThreadPool& pool);

  // The same from distances to the outlines that are known already, inside positive, one for each view.
  HullField(std::span<const View> views, std::span<const Mask* const> distances, double radius, ThreadPool& pool,
            bool frameCarves = false);

  // Views that are wrong (by number among the views given); masks taken as wider all round, in pixels.
  void leaveOut(std::span<const int> views);
  void widen(float pixels);

  int viewCount() const { return int(views_.size()); }
  int sourceOf(int view) const { return views_[std::size_t(view)].source; }  // its number among the views given
  int pieceCount() const override { return viewCount(); }
  double radius() const override { return radius_; }
  double pixelAt(const glm::vec3& x) const override;  // mean over the views that see x; 0 if none
  float value(const glm::vec3& x, std::span<const std::uint16_t> views) const override;
  HullSample sample(const glm::vec3& x, std::span<const std::uint16_t> views) const override;
  void values(const glm::vec3& start, float step, std::span<const std::uint16_t> views, std::span<float> out) const override;
  Side classify(const glm::vec3& c, float r, std::span<const std::uint16_t> views, HullViews& undecided) const override;

  // Distance to the outline of one view's mask in pixels, outside positive, and whether x projects into its frame.
  struct Footprint { bool seen = false; glm::vec2 pixel{0}; float pixelSize = 0; };
  Footprint project(int view, const glm::vec3& x) const;
  // Is x outside of this view's silhouette, as value() of this view alone says? If so, `ball` becomes the radius of a
  // ball around x that is so all over (0 near the outline), by the bound above.
  bool carves(int view, const glm::vec3& x, float& ball) const;
  struct Ray { glm::vec3 eye{0}, direction{0}; };
  Ray ray(int view, const glm::vec2& pixel) const;  // through a place in the image, not of unit length
  const Mask& distance(int view) const { return views_[std::size_t(view)].distance; }
  const HullView& view(int view) const { return views_[std::size_t(view)]; }
  float unseen() const { return unseen_; }  // what a view says outside its frame, pixels

 private:
  struct FieldView : HullView {
    int source = 0;
    Mask distance;  // outside positive
    DistanceImage image() const { return {distance.pixels.data(), distance.width, distance.height}; }
  };
  void setUp(std::span<const View> views, std::span<const Mask* const> distances, ThreadPool& pool);

  std::vector<FieldView> views_;
  float radius_;
  float unseen_;
};

}  // namespace penumbra
