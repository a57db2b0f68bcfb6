// Contour, stage 4: from the sums of pieces to pulls on vertices. Where two segments cross, the corner's pull is shared
// between them (`cornerShare`). Bound: 48 + 48 + 64 bytes a piece, twice.
#pragma once
#include "renderer/cuda/contour_pixels.h"
#include "renderer/cuda/vertex_pulls.h"

namespace penumbra::device {

struct PullVertices {
  OutlineData data;
  const Piece* pieces;
  const PieceSums* sums;
  const ViewSums* viewSums;
  PointPuller puller;
  VertexSums vertices;
  Loss loss;
  int capacity;
  int measure;  // find the largest pull, or add the pulls

  PENUMBRA_HD void operator()(Index i) const {
    PullSink sink{vertices, measure != 0};
    if (i < data.counters->now.pieces && i < capacity && !data.counters->trouble) piece(i, sink);
    sink.finish();
  }
  PENUMBRA_HD void piece(Index i, PullSink& sink) const {
    const Piece& p = pieces[i];
    const PieceSums& sum = sums[i];
    const Segment& own = data.segments[p.owner];
    const Slot& slot = data.slots[own.slot];
    const float unit = viewFactor(loss, slot, viewSums[own.slot]).factor / slot.scale;
    const Vec2<float> normal(p.nx, p.ny);
    const float weight = unit * fromFixed(sum.weight), inPiece = unit * fromFixed(sum.weightT);
    const float atB = p.t0 * weight + (p.t1 - p.t0) * inPiece;
    pull(own, 0, (weight - atB) * normal, sink);
    pull(own, 1, atB * normal, sink);
    atEnd(p, own, p.t0, p.other0, unit * Vec2<float>(fromFixed(sum.end0x), fromFixed(sum.end0y)), sink);
    atEnd(p, own, p.t1, p.other1, unit * Vec2<float>(fromFixed(sum.end1x), fromFixed(sum.end1y)), sink);
  }
  PENUMBRA_HD void pull(const Segment& s, int end, const Vec2<float>& g, PullSink& sink) const {
    puller(data.slots[s.slot].view.camera, end ? s.b : s.a, end ? s.b2 : s.a2, g, sink);
  }
  PENUMBRA_HD void atParameter(const Segment& s, float t, const Vec2<float>& g, PullSink& sink) const {
    pull(s, 0, (1 - t) * g, sink);
    pull(s, 1, t * g, sink);
  }
  PENUMBRA_HD void atEnd(const Piece& p, const Segment& own, float t, int otherIndex, const Vec2<float>& g,
                         PullSink& sink) const {
    if (g.x == 0 && g.y == 0) return;
    if (otherIndex < 0) return atParameter(own, t, g, sink);
    const Segment& other = data.segments[otherIndex];
    const Vec2<float> a(own.ax, own.ay), c(other.ax, other.ay), e = Vec2<float>(other.bx, other.by) - c;
    const Vec2<float> corner = a + t * (Vec2<float>(own.bx, own.by) - a);
    const float length2 = glm::dot(e, e), length = sqrtf(length2);
    if (length == 0) return atParameter(own, t, g, sink);
    const Vec2<float> n1(p.nx, p.ny), n2(e.y / length, -e.x / length);
    float along1, along2;
    cornerShare(g, n1, n2, along1, along2);
    atParameter(own, t, along1 * n1, sink);
    atParameter(other, glm::dot(corner - c, e) / length2, along2 * n2, sink);
  }
};

}  // namespace penumbra::device
