// Compiled once per instruction set; see renderer/CMakeLists.txt. Nothing here may call a function that is not inlined.
#include <type_traits>

#include "renderer/cpu/softras_kernels.h"

namespace penumbra::PENUMBRA_ISA {
namespace {

// A block's 16 pixels are worked on in parts, each as wide as the machine's own vectors: comparisons of wider ones
// are taken apart, number by number.
#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;
#endif
template <class Number, int count> struct VectorOf {
  typedef Number Type __attribute__((vector_size(count * sizeof(Number))));
};
template <class Number> constexpr int kLanes = kVectorBytes / int(sizeof(Number));
template <class Number> constexpr int kParts = kBlockPixels / kLanes<Number>;
template <class Number> struct BlockLanes {
  using Real = Number;
  using Value = typename VectorOf<Number, kLanes<Number>>::Type;
  using Bits = typename VectorOf<std::conditional_t<sizeof(Number) == 4, std::int32_t, std::int64_t>,
                                 kLanes<Number>>::Type;
};

template <class Real> using Lanes = typename BlockLanes<Real>::Value;

template <class Real> inline Lanes<Real> load(const Real* from) {
  Lanes<Real> value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}
template <class Real> inline void store(Real* to, const Lanes<Real>& value) { __builtin_memcpy(to, &value, sizeof value); }

// The sum over a block, in the same order for every width.
template <class Real> inline Real sum(const Real (&value)[kBlockPixels]) {
  Real part[4];
  for (int i = 0; i < 4; ++i) part[i] = (value[i] + value[i + 4]) + (value[i + 8] + value[i + 12]);
  return (part[0] + part[1]) + (part[2] + part[3]);
}

template <class Real, int lanes> inline Real largest(const typename VectorOf<Real, lanes>::Type& value) {
  if constexpr (lanes == 2) {
    return value[0] < value[1] ? value[1] : value[0];
  } else if constexpr (lanes * sizeof(Real) == 16) {
    const Real a = value[0] < value[1] ? value[1] : value[0], b = value[2] < value[3] ? value[3] : value[2];
    return a < b ? b : a;
  } else {
    typename VectorOf<Real, lanes / 2>::Type a, b;
    __builtin_memcpy(&a, &value, sizeof a);
    __builtin_memcpy(&b, reinterpret_cast<const char*>(&value) + sizeof a, sizeof b);
    return largest<Real, lanes / 2>(a < b ? b : a);
  }
}

// Centres of the pixels of the first block of a tile, relative to the tile's corner.
template <class Real> struct BlockPixels {
  Lanes<Real> x[kParts<Real>], y[kParts<Real>];
  BlockPixels() {
    for (int i = 0; i < kBlockPixels; ++i) {
      x[i / kLanes<Real>][i % kLanes<Real>] = Real(i % kBlockSide) + Real(0.5);
      y[i / kLanes<Real>][i % kLanes<Real>] = Real(i / kBlockSide) + Real(0.5);
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

// Calls visit(pixel, part, place) for the parts of the tile's blocks that the face may cover and that did not stop
// before it, and then finish(block).
template <int N, class Real, class Visit, class Finish>
inline void forBlocks(const SoftRasView<Real>& view, const SoftRasEdge<Real>* edges, const BlockRange& range,
                      int tileX, int tileY, int face, const Visit& visit, const Finish& finish) {
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
#pragma GCC unroll 4
      for (int part = 0; part < kParts<Real>; ++part) {
        SoftRasPlace<L, N> place;
        softRasPlace<L, N>(edges, first.x[part] + x, first.y[part] + y, place);
        visit(block * kBlockPixels + part * kLanes<Real>, part, place);
      }
      finish(block);
    }
  }
}

template <int N, class Real>
inline void coverBlocks(const SoftRasView<Real>& view, const SoftRasEdge<Real>* edges, const BlockRange& range,
                        int tileX, int tileY, int face) {
  using L = BlockLanes<Real>;
  constexpr Real kFull = sizeof(Real) == 4 ? Real(1.0 / (1 << 25)) : Real(1.0 / (1ll << 54));
  Lanes<Real> most{};
  forBlocks<N>(
      view, edges, range, tileX, tileY, face,
      [&](std::size_t pixel, int part, const SoftRasPlace<L, N>& place) {
        Real* pixels = view.blocks + pixel;
        const Lanes<Real> left = softRasCover<L, N>(place, view.inverseSigma, load(pixels));
        store<Real>(pixels, left);
        if (part == 0) most = left;
        else most = most < left ? left : most;
      },
      [&](std::size_t block) {
        if (largest<Real, kLanes<Real>>(most) < kFull) view.stops[block] = face + 1;
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

template <class Real, int N> struct BlockSums {
  SoftRasEdgeSums<Lanes<Real>> parts[kParts<Real>][N];
  // What one edge's numbers sum up to.
  Real of(int edge, Lanes<Real> SoftRasEdgeSums<Lanes<Real>>::*number) const {
    Real value[kBlockPixels];
    for (int part = 0; part < kParts<Real>; ++part) store<Real>(value + part * kLanes<Real>, parts[part][edge].*number);
    return sum<Real>(value);
  }
};

template <int N, class Real>
inline void pullBlocks(const SoftRasView<Real>& view, const SoftRasEdge<Real>* edges, const BlockRange& range,
                       int tileX, int tileY, int face, BlockSums<Real, N>& sums) {
  using L = BlockLanes<Real>;
  forBlocks<N>(
      view, edges, range, tileX, tileY, face,
      [&](std::size_t pixel, int part, const SoftRasPlace<L, N>& place) {
        const Lanes<Real> dL_dd2 = softRasCoverBackward<L, N>(place, view.inverseSigma, load(view.blocks + pixel));
        softRasPlaceBackward<L, N>(place, dL_dd2, sums.parts[part]);
      },
      [](std::size_t) {});
}

// Adds what one tile says to dL/d corner (N x 2).
template <int N, class Real>
inline void addEdgeSums(const SoftRasEdge<Real>* edges, const BlockSums<Real, N>& sums, Real* gradient) {
  using Sums = SoftRasEdgeSums<Lanes<Real>>;
  for (int e = 0; e < N; ++e) {
    const auto& edge = edges[e];
    if (!(edge.length > 0)) continue;
    const Real inverse = 1 / edge.length;
    const Real dist = -2 * sums.of(e, &Sums::dist), over = -2 * sums.of(e, &Sums::over);
    const Real distB = -2 * sums.of(e, &Sums::distS) * inverse, overB = -2 * sums.of(e, &Sums::overS) * inverse;
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
      BlockSums<Real, N> sums;
      pullBlocks<N>(view, edges, all.inTile(tileX, tileY), tileX, tileY, face, sums);
      addEdgeSums<N, Real>(edges, sums, gradient);
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
