// A closed mesh, carved by the visual hull and grown where masks are uncovered, as one field (optim/hull/solid_field.h).
//
//   F(x) = max( min( m(x), u(x) ), h(x) - slack )
//   m  signed distance to the mesh: distance to the nearest triangle, inside where the mesh winds around x at least once,
//      so overlapping and folded-over faces count as one solid
//   u  signed distance to the cones over mask parts the mesh leaves uncovered: minimum over the views (empty: no such cone)
//   h  the visual hull's field, slack half a pixel or so, so that a fitted surface is not clipped by mask noise
// Where masks show a hole the hull cuts it out of the mesh; where they show matter the hull is added along those rays.
// Pieces: the hull's views, then the mesh.
#pragma once
#include <memory>

#include "optim/eval/triangle_bvh.h"
#include "optim/hull/hull_field.h"

namespace penumbra {

class MeshSolid final : public SolidField {
 public:
  // `covered`: views of the complements of what is uncovered; null when nothing is. Borrows the hull.
  MeshSolid(const Mesh& closed, const HullField& hull, float slack, std::unique_ptr<HullField> covered);

  int pieceCount() const override { return hull_.viewCount() + 1; }
  double radius() const override { return hull_.radius(); }
  double pixelAt(const glm::vec3& x) const override { return hull_.pixelAt(x); }
  float value(const glm::vec3& x, std::span<const std::uint16_t> pieces) const override;
  HullSample sample(const glm::vec3& x, std::span<const std::uint16_t> pieces) const override;
  void values(const glm::vec3& start, float step, std::span<const std::uint16_t> pieces,
              std::span<float> out) const override;
  Side classify(const glm::vec3& c, float r, std::span<const std::uint16_t> pieces,
                HullViews& undecided) const override;

 private:
  bool hasMesh(std::span<const std::uint16_t> pieces) const {
    return !pieces.empty() && int(pieces.back()) == hull_.viewCount();
  }
  std::span<const std::uint16_t> views(std::span<const std::uint16_t> pieces) const {
    return hasMesh(pieces) ? pieces.first(pieces.size() - 1) : pieces;
  }
  // Where the last query was: near by, the same face may be nearest, and the sign the same.
  struct Trail {
    int face = -1;
    bool inside = false;
    glm::vec3 at{0};
    double distance = 0;
  };
  HullSample grown(const glm::vec3& x, Trail& trail) const;  // min(m, u)

  TriangleBvh bvh_;
  const HullField& hull_;
  float slack_;
  std::unique_ptr<HullField> covered_;
  HullViews allCovered_;
};

}  // namespace penumbra
