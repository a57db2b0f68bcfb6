// Compiled once per instruction set; see renderer/CMakeLists.txt. Nothing here may call a function that is not inlined.
#include "renderer/cpu/softras_kernels.h"

namespace penumbra::PENUMBRA_ISA {
namespace {

// The 16 pixels of a block at once.
template <class Number> struct BlockLanes;
template <> struct BlockLanes<float> {
  using Real = float;
  typedef float Value __attribute__((vector_size(64)));
  typedef std::int32_t Bits __attribute__((vector_size(64)));
};
template <> struct BlockLanes<double> {
  using Real = double;
  typedef double Value __attribute__((vector_size(128)));
  typedef std::int64_t Bits __attribute__((vector_size(128)));
};

template <class Real> using Lanes = typename BlockLanes<Real>::Value;

template <class Real> inline Lanes<Real> load(const Real* from) {
  Lanes<Real> value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}
template <class Real> inline void store(Real* to, const Lanes<Real>& value) { __builtin_memcpy(to, &value, sizeof value); }

template <class Real> inline Real sum(const Lanes<Real>& value) {
  Real part[4];
  for (int i = 0; i < 4; ++i) part[i] = (value[i] + value[i + 4]) + (value[i + 8] + value[i + 12]);
  return (part[0] + part[1]) + (part[2] + part[3]);
}

template <class Real> inline Real largest(const Lanes<Real>& value) {
  typedef Real Half __attribute__((vector_size(8 * sizeof(Real))));
  typedef Real Quarter __attribute__((vector_size(4 * sizeof(Real))));
  Half a, b;
  __builtin_memcpy(&a, &value, sizeof a);
  __builtin_memcpy(&b, reinterpret_cast<const char*>(&value) + sizeof a, sizeof b);
  a = a < b ? b : a;
  Quarter c, d;
  __builtin_memcpy(&c, &a, sizeof c);
  __builtin_memcpy(&d, reinterpret_cast<const char*>(&a) + sizeof c, sizeof d);
  c = c < d ? d : c;
  const Real e = c[0] < c[1] ? c[1] : c[0], f = c[2] < c[3] ? c[3] : c[2];
  return e < f ? f : e;
}

template <class Real> struct BlockPixels {
  Lanes<Real> x, y;  // of the first block of a tile, relative to the tile's corner
  BlockPixels() {
    for (int i = 0; i < kBlockPixels; ++i) {
      x[i] = Real(i % kBlockSide) + Real(0.5);
      y[i] = Real(i / kBlockSide) + Real(0.5);
    }
  }
};

struct BlockRange {
  int beginX, beginY, endX, endY;
  bool empty() const { return beginX >= endX || beginY >= endY; }
  BlockRange inTile(int tileX, int tileY) const {
    const int x = tileX * kTileBlocks, y = tileY * kTileBlocks;
    return {beginX > x ? beginX : x, beginY > y ? beginY : y, endX < x + kTileBlocks ? endX : x + kTileBlocks,
            endY < y + kTileBlocks ? endY : y + kTileBlocks};
  }
};

// First and last + 1 of the blocks that the interval [low, high] of pixels touches.
inline int blockBelow(double low, int blocks) {
  const double b = low * (1.0 / kBlockSide);
  return b > 0 ? (b < blocks ? int(b) : blocks) : 0;
}
inline int blockAbove(double high, int blocks) {
  const double b = high * (1.0 / kBlockSide);
  return b >= 0 ? (b < blocks ? int(b) + 1 : blocks) : 0;
}

// One face as a polygon.
struct Polygon {
  double corner[4][2] = {};
  int corners = 3;
  double winding = 1;
  BlockRange range{};
};

template <class Real> inline void readPolygon(const SoftRasView<Real>& view, int face, Polygon& polygon) {
  const int kind = view.kinds[face];
  if (kind == kFaceWhole) {
    for (int c = 0; c < 3; ++c) {
      const double* pixel = view.pixels + 2 * std::size_t(view.faces[3 * std::size_t(face) + c]);
      for (int k = 0; k < 2; ++k) polygon.corner[c][k] = pixel[k];
    }
  } else {
    const SoftRasCut& cut = view.cuts[kind];
    polygon.corners = cut.corners;
    for (int c = 0; c < cut.corners; ++c)
      for (int k = 0; k < 2; ++k) polygon.corner[c][k] = cut.corner[c][k];
  }
  // Bounds, and twice the area for the winding.
  const auto& p = polygon.corner;
  double lowX = p[0][0], lowY = p[0][1], highX = lowX, highY = lowY, area = 0;
  for (int c = 1; c < polygon.corners; ++c) {
    lowX = p[c][0] < lowX ? p[c][0] : lowX;
    lowY = p[c][1] < lowY ? p[c][1] : lowY;
    highX = p[c][0] > highX ? p[c][0] : highX;
    highY = p[c][1] > highY ? p[c][1] : highY;
    if (c > 1)
      area += (p[c - 1][0] - p[0][0]) * (p[c][1] - p[0][1]) - (p[c - 1][1] - p[0][1]) * (p[c][0] - p[0][0]);
  }
  polygon.winding = area < 0 ? -1 : 1;
  polygon.range = {blockBelow(lowX - view.reach, view.blocksX), blockBelow(lowY - view.reach, view.blocksY),
                   blockAbove(highX + view.reach, view.blocksX), blockAbove(highY + view.reach, view.blocksY)};
}

template <class Real>
inline void makeEdges(const Polygon& polygon, double originX, double originY, SoftRasEdge<Real>* edges) {
  for (int e = 0; e < polygon.corners; ++e) {
    const int next = e + 1 < polygon.corners ? e + 1 : 0;
    edges[e] = softRasEdge<Real>(polygon.corner[e][0], polygon.corner[e][1], polygon.corner[next][0],
                                 polygon.corner[next][1], polygon.winding, originX, originY);
  }
}

// A block whose centre is further than this outside an edge has no pixel within reach (centres to corners: 1.5 sqrt 2).
template <class Real> inline Real blockReach(const SoftRasView<Real>& view) { return Real(view.reach) + Real(2.125); }

template <int N, class Real> inline bool outOfReach(const SoftRasEdge<Real>* edges, Real x, Real y, Real blockReach) {
  Real lowest = edges[0].nx * x + edges[0].ny * y + edges[0].nc;
  for (int e = 1; e < N; ++e) {
    const Real dist = edges[e].nx * x + edges[e].ny * y + edges[e].nc;
    lowest = dist < lowest ? dist : lowest;
  }
  return lowest < -blockReach;
}

// Calls visit(block, place) for the blocks of a tile that the face may cover and that did not stop before it.
template <int N, class Real, class Visit>
inline void forBlocks(const SoftRasView<Real>& view, const SoftRasEdge<Real>* edges, const BlockRange& range,
                      int tileX, int tileY, int face, const Visit& visit) {
  using L = BlockLanes<Real>;
  const BlockPixels<Real> first;
  const Real reach = blockReach(view);
  for (int by = range.beginY; by < range.endY; ++by) {
    const Real y = Real((by - tileY * kTileBlocks) * kBlockSide);
    for (int bx = range.beginX; bx < range.endX; ++bx) {
      const std::size_t block = std::size_t(by) * view.blocksX + bx;
      if (view.stops[block] <= face) continue;
      const Real x = Real((bx - tileX * kTileBlocks) * kBlockSide);
      if (outOfReach<N>(edges, x + Real(0.5 * kBlockSide), y + Real(0.5 * kBlockSide), reach)) continue;
      SoftRasPlace<L, N> place;
      softRasPlace<L, N>(edges, first.x + x, first.y + y, place);
      visit(block, place);
    }
  }
}

template <int N, class Real>
inline void coverBlocks(const SoftRasView<Real>& view, const SoftRasEdge<Real>* edges, const BlockRange& range,
                        int tileX, int tileY, int face) {
  using L = BlockLanes<Real>;
  constexpr Real kFull = sizeof(Real) == 4 ? Real(1.0 / (1 << 25)) : Real(1.0 / (1ll << 54));
  forBlocks<N>(view, edges, range, tileX, tileY, face, [&](std::size_t block, const SoftRasPlace<L, N>& place) {
    Real* pixels = view.blocks + block * kBlockPixels;
    const Lanes<Real> left = softRasCover<L, N>(place, view.inverseSigma, load(pixels));
    store<Real>(pixels, left);
    if (largest<Real>(left) < kFull) view.stops[block] = face + 1;
  });
}

// Calls visit(block, x, y) with the first pixel of every block.
template <class Real, class Visit>
inline void forAllBlocks(const SoftRasView<Real>& view, const BlockRange& range, const Visit& visit) {
  for (int by = range.beginY; by < range.endY; ++by)
    for (int bx = range.beginX; bx < range.endX; ++bx)
      visit(std::size_t(by) * view.blocksX + bx, bx * kBlockSide, by * kBlockSide);
}

// Where the image has pixel i of the block that begins at x, y; -1 beyond its rim.
template <class Real> inline std::ptrdiff_t imageIndex(const SoftRasView<Real>& view, int x, int y, int i) {
  x += i % kBlockSide, y += i / kBlockSide;
  return x < view.width && y < view.height ? std::ptrdiff_t(y) * view.width + x : -1;
}

// Pixels beyond the image's rim count as covered from the start.
template <class Real> inline void clearBlocks(const SoftRasView<Real>& view, const BlockRange& tile) {
  forAllBlocks(view, tile, [&](std::size_t block, int x, int y) {
    view.stops[block] = 0x7fffffff;
    for (int i = 0; i < kBlockPixels; ++i)
      view.blocks[block * kBlockPixels + i] = imageIndex(view, x, y, i) >= 0 ? Real(1) : Real(0);
  });
}

template <class Real> inline void writeAlpha(const SoftRasView<Real>& view, const BlockRange& tile) {
  for (int by = tile.beginY; by < tile.endY; ++by)
    for (int row = 0; row < kBlockSide && by * kBlockSide + row < view.height; ++row)
      for (int x = tile.beginX * kBlockSide; x < tile.endX * kBlockSide && x < view.width; ++x)
        view.alpha[std::size_t(by * kBlockSide + row) * view.width + x] =
            1 - view.blocks[(std::size_t(by) * view.blocksX + x / kBlockSide) * kBlockPixels + row * kBlockSide +
                            x % kBlockSide];
}

template <class Real> void coverTile(const SoftRasView<Real>& view, int tile) {
  const int tileX = tile % view.tilesX, tileY = tile / view.tilesX;
  const BlockRange blocks = BlockRange{0, 0, view.blocksX, view.blocksY}.inTile(tileX, tileY);
  clearBlocks(view, blocks);
  for (int i = view.tileStart[tile]; i < view.tileStart[tile + 1]; ++i) {
    const int face = view.tileFaces[i];
    Polygon polygon;
    readPolygon(view, face, polygon);
    SoftRasEdge<Real> edges[4];
    makeEdges(polygon, tileX * kTileSide, tileY * kTileSide, edges);
    const BlockRange range = polygon.range.inTile(tileX, tileY);
    if (polygon.corners == 3) coverBlocks<3>(view, edges, range, tileX, tileY, face);
    else coverBlocks<4>(view, edges, range, tileX, tileY, face);
  }
  writeAlpha(view, blocks);
}

template <class Real> void weighBlocks(const SoftRasView<Real>& view, const Real* dL_dalpha) {
  forAllBlocks(view, BlockRange{0, 0, view.blocksX, view.blocksY}, [&](std::size_t block, int x, int y) {
    Real* pixels = view.blocks + block * kBlockPixels;
    bool pulls = false;
    for (int i = 0; i < kBlockPixels; ++i) {
      const std::ptrdiff_t at = imageIndex(view, x, y, i);
      pixels[i] = (at >= 0 ? dL_dalpha[at] : Real(0)) * pixels[i] * view.inverseSigma;
      pulls |= pixels[i] != 0;
    }
    if (!pulls) view.stops[block] = 0;
  });
}

template <int N, class Real>
inline void pullBlocks(const SoftRasView<Real>& view, const SoftRasEdge<Real>* edges, const BlockRange& range,
                       int tileX, int tileY, int face, SoftRasEdgeSums<Lanes<Real>>* sums) {
  using L = BlockLanes<Real>;
  forBlocks<N>(view, edges, range, tileX, tileY, face, [&](std::size_t block, const SoftRasPlace<L, N>& place) {
    const Lanes<Real> dL_dd2 =
        softRasCoverBackward<L, N>(place, view.inverseSigma, load(view.blocks + block * kBlockPixels));
    softRasPlaceBackward<L, N>(place, dL_dd2, sums);
  });
}

// Adds what one tile says to dL/d corner (N x 2).
template <int N, class Real>
inline void addEdgeSums(const SoftRasEdge<Real>* edges, const SoftRasEdgeSums<Lanes<Real>>* sums, Real* gradient) {
  for (int e = 0; e < N; ++e) {
    const auto& edge = edges[e];
    if (!(edge.length > 0)) continue;
    const Real inverse = 1 / edge.length;
    const Real dist = -2 * sum<Real>(sums[e].dist), over = -2 * sum<Real>(sums[e].over);
    const Real distB = -2 * sum<Real>(sums[e].distS) * inverse, overB = -2 * sum<Real>(sums[e].overS) * inverse;
    const Real distA = dist - distB, overA = over - overB;
    Real* a = gradient + 2 * e;
    Real* b = gradient + 2 * (e + 1 < N ? e + 1 : 0);
    a[0] += distA * edge.nx + overA * edge.tx;
    a[1] += distA * edge.ny + overA * edge.ty;
    b[0] += distB * edge.nx + overB * edge.tx;
    b[1] += distB * edge.ny + overB * edge.ty;
  }
}

template <int N, class Real>
inline void pullPolygon(const SoftRasView<Real>& view, const Polygon& polygon, int face, Real* gradient) {
  for (int i = 0; i < 2 * N; ++i) gradient[i] = 0;
  const BlockRange& all = polygon.range;
  if (all.empty()) return;
  for (int tileY = all.beginY / kTileBlocks; tileY * kTileBlocks < all.endY; ++tileY)
    for (int tileX = all.beginX / kTileBlocks; tileX * kTileBlocks < all.endX; ++tileX) {
      SoftRasEdge<Real> edges[4];
      makeEdges(polygon, tileX * kTileSide, tileY * kTileSide, edges);
      SoftRasEdgeSums<Lanes<Real>> sums[N];
      pullBlocks<N>(view, edges, all.inTile(tileX, tileY), tileX, tileY, face, sums);
      addEdgeSums<N>(edges, sums, gradient);
    }
}

template <class Real>
void coverBackward(const SoftRasView<Real>& view, int beginFace, int endFace, Real* gradients) {
  for (int face = beginFace; face < endFace; ++face, gradients += kFaceNumbers) {
    const int kind = view.kinds[face];
    if (kind == kFaceLeftOut) continue;
    Polygon polygon;
    readPolygon(view, face, polygon);
    if (polygon.corners == 3) pullPolygon<3>(view, polygon, face, gradients);
    else pullPolygon<4>(view, polygon, face, gradients);
  }
}

}  // namespace

template <class Real> const SoftRasKernels<Real>& softRasKernels() {
  static constexpr SoftRasKernels<Real> table{coverTile<Real>, weighBlocks<Real>, coverBackward<Real>};
  return table;
}
template const SoftRasKernels<float>& softRasKernels<float>();
template const SoftRasKernels<double>& softRasKernels<double>();

}  // namespace penumbra::PENUMBRA_ISA
