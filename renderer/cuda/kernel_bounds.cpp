#include "renderer/cuda/kernel_bounds.h"

#include <algorithm>
#include <cmath>

#include "renderer/cuda/contour_pull.h"
#include "renderer/cuda/hull_kernels.h"
#include "renderer/cuda/newton_system.h"
#include "renderer/cuda/outline_kernels.h"
#include "renderer/cuda/softras_pixels.h"
#include "renderer/cuda/step_kernels.h"

namespace penumbra::device {
namespace {

using W = const DeviceWork&;

constexpr double kPoint = sizeof(Vec3<float>), kFace = sizeof(Face), kDouble = sizeof(double), kInt = sizeof(int);
constexpr double kState = sizeof(Counters);  // of the iteration, where a kernel may write to it

// Ways through the mesh.
double mesh(W w) { return kFace * w.faces + kPoint * w.vertices; }
double neighbours(W w) { return kInt * (w.vertices + 1) + kInt * 2 * w.edges; }
double corners(W w) { return kInt * (w.vertices + 1) + kInt * 3 * w.faces; }
double groups(W w) { return std::ceil(w.slots / kBlock); }
double pulled(W w, double points) { return 3 * kDouble * std::min(w.vertices, points); }  // sums of so many vertices
// Cells that lists were made in.
double touched(W w) { return std::min(w.nodes, w.cells); }

// Chunks summed, `from` and `to` bytes a number; the last chunk may hold a single one.
Traffic chunks(double threads, double from, double to) {
  return {std::max(threads - 1, 0.0) * kScanChunk * from + from, threads * to};
}

// --- Both models ---

Traffic beginIteration(W w, double) {
  return {sizeof(ViewRecord) * w.slots + sizeof(IterationRecord), sizeof(Slot) * w.slots + kInt * groups(w) + kState};
}
Traffic collectPulls(W w, double) { return {3 * kDouble * w.vertices, (3 * kDouble + kPoint) * w.vertices + kState}; }
Traffic sumCounts(W, double threads) { return chunks(threads, kInt, kDouble); }
Traffic sumSums(W, double threads) { return chunks(threads, kDouble, kDouble); }
Traffic scanTop(W, double) { return {kDouble, kScanTop * kDouble + kDouble}; }  // one thread, at most so many sums
Traffic spreadStarts(W, double threads) {
  return {chunks(threads, kDouble, 0).read + threads * kDouble, threads * kScanChunk * kDouble};
}
Traffic addChunks(W, double threads) { return chunks(threads, kDouble, kDouble); }
Traffic addAll(W, double) { return {kDouble, kDouble}; }
Traffic reducePictures(W, double threads) { return {sizeof(float) * threads, sizeof(float) * threads}; }

// --- Contour ---

Traffic clearContour(W w, double) {
  return {w.pixels / kBlock, sizeof(std::uint64_t) * w.band + 2 * kInt * w.cells + sizeof(EndTable::Entry) * w.ends +
                                 sizeof(ViewSums) * w.slots};
}
// A face's plane, and a plane's side for each view; a vertex's depth for each view.
Traffic facingWords(W w, double) {
  return {mesh(w) + sizeof(CameraT<float>) * w.slots,
          kInt * groups(w) * (w.faces + w.vertices) + w.faces + kInt * groups(w),
          w.faces * (25 + 7 * w.slots) + w.vertices * 7 * w.slots};
}
Traffic contourMasks(W w, double) {
  return {kInt * groups(w) * w.faces + sizeof(glm::ivec2) * w.edges, 2 * kInt * w.masks};
}
Traffic makeSegments(W w, double) {
  return {kInt * w.masks + sizeof(glm::ivec2) * std::min(w.edges, w.segments),
          sizeof(Segment) * w.segments + sizeof(CellNode) * w.nodes + 2 * kInt * touched(w) + kState};
}
Traffic crossSegments(W w, double) {
  return {sizeof(CellNode) * w.nodes + sizeof(Segment) * w.segments,
          sizeof(Cut) * w.cuts + kInt * std::min(w.cuts, w.segments) + kState};
}
Traffic countPieces(W w, double threads) {
  return {sizeof(Segment) * w.segments + sizeof(Cut) * w.cuts,
          kInt * (threads + w.segments) + kInt * (w.cuts + std::min(w.cuts, w.segments))};
}
Traffic makePieces(W w, double threads) {
  return {kInt * threads + sizeof(Segment) * std::min(w.segments, w.pieces),
          (sizeof(Piece) + sizeof(PieceSums) + sizeof(EndTable::Entry)) * w.pieces + kState};
}
Traffic coverBlocks(W w, double threads) { return {kInt * w.cells, (kInt + 1) * threads}; }
Traffic spreadDistances(W w, double) {
  return {sizeof(Piece) * w.pieces, sizeof(std::uint64_t) * w.band + w.pixels / kBlock, 12 * w.band};
}
// The target of a pixel is a profile of its own, 30 operations; the band's coverage and pull take 60 more.
Traffic contourPixels(W w, double) {
  return {sizeof(float) * w.pixels + (2 * kInt + 1) * w.pixels / kBlock + sizeof(std::uint64_t) * w.band,
          sizeof(PieceSums) * w.pieces + sizeof(ViewSums) * w.slots, 30 * w.pixels + 60 * w.band};
}
Traffic measurePulls(W w, double) { return {(sizeof(Piece) + sizeof(PieceSums)) * w.pieces, kState}; }
Traffic pullVertices(W w, double) {
  return {(sizeof(Piece) + sizeof(PieceSums)) * w.pieces, pulled(w, 2 * w.segments)};
}

// --- SoftRas ---

constexpr double kPolygon = 150, kPair = 15, kPull = 50;  // a face in a view; a pixel that looks at an entry, and pulls

Traffic clearViewSums(W w, double) { return {0, sizeof(ViewSums) * w.slots}; }
Traffic clearTiles(W w, double) { return {0, 2 * kInt * w.tiles}; }
Traffic countTiles(W w, double) { return {mesh(w), kInt * w.tiles, 0, kPolygon * w.faces * w.slots}; }
Traffic fillTiles(W w, double) {
  return {mesh(w) + kInt * w.tiles, sizeof(TileFace) * w.entries + kInt * w.tiles + kState, 0,
          kPolygon * w.faces * w.slots};
}
Traffic rankEntries(W w, double) {
  return {mesh(w) + sizeof(TileFace) * w.entries, sizeof(SoftRasEntry) * w.entries, 0, kPolygon * w.entries};
}
Traffic softRasCover(W w, double) {
  return {sizeof(SoftRasEntry) * w.entries, (sizeof(float) + kInt) * w.pixels, kPair * w.pairsForward};
}
Traffic softRasLoss(W w, double) {
  return {2 * sizeof(float) * w.pixels + kInt * w.pixels / kBlock,
          (sizeof(float) + kInt) * w.pixels + sizeof(ViewSums) * w.slots, 30 * w.pixels};
}
Traffic softRasPullEntries(W w, double) {
  return {sizeof(SoftRasEntry) * w.entries + (sizeof(float) + kInt) * w.pixels, sizeof(EntryGradient) * w.entries,
          (kPair + kPull) * w.pairsBackward};
}
Traffic softRasMeasurePulls(W w, double) {
  return {mesh(w) + sizeof(EntryGradient) * w.entries, kState, 0, kPolygon * w.entries};
}
Traffic softRasPullVertices(W w, double) {
  return {mesh(w) + sizeof(EntryGradient) * w.entries, pulled(w, 3 * w.entries), 0, kPolygon * w.entries};
}

// --- Regularisers; per face or vertex ---

constexpr double kCotangents = 3 * 3 * 45;  // operations a face: its three corners look at three cotangents each

Traffic faceNormals(W w, double) { return {mesh(w), (2 * kPoint + sizeof(float) + kDouble) * w.faces, 45 * w.faces}; }
Traffic uniformDifferences(W w, double) {
  return {neighbours(w) + (kPoint + 1) * w.vertices, (kPoint + kDouble) * w.vertices};
}
Traffic cotangentDifferences(W w, double) {
  return {corners(w) + mesh(w) + w.vertices, (kPoint + kDouble) * w.vertices, kCotangents * w.faces};
}
Traffic laplacianGradient(W w, double) {  // of the uniform one, the cheaper
  return {neighbours(w) + 2 * kPoint * w.vertices, kPoint * w.vertices};
}
Traffic laplacianArea(W w, double) { return {2 * kPoint * w.faces, kPoint * w.faces}; }
Traffic normalConsistency(W w, double) {
  return {(2 * kPoint + sizeof(float) + 3 * kInt) * w.faces, (kPoint + kDouble) * w.faces, 75 * w.faces};
}
Traffic gatherFaces(W w, double) {
  return {corners(w) + mesh(w) + kPoint * w.faces + kPoint * w.vertices, kPoint * w.vertices, 3 * 24 * w.faces};
}
Traffic edgeLengths(W w, double) {
  return {sizeof(glm::ivec2) * w.edges + kPoint * w.vertices, kDouble * w.edges, 9 * w.edges};
}
Traffic edgeLengthGradient(W w, double) {
  return {neighbours(w) + 2 * kPoint * w.vertices, kPoint * w.vertices, 2 * 20 * w.edges};
}
Traffic vertexNormals(W w, double) { return {corners(w) + mesh(w), kPoint * w.vertices, 3 * 18 * w.faces}; }
Traffic squareGradient(W w, double) { return {kPoint * w.vertices, kDouble * w.vertices}; }

// --- The step. Smoothing works on vectors, V threads, or on all columns of the inverse, V^2 ---

double number(W w, double threads) { return threads > w.vertices ? sizeof(float) : kPoint; }
Traffic chebyshevStart(W w, double threads) {
  const double size = number(w, threads), given = threads > w.vertices ? 0 : size * threads;
  return {given + kInt * (w.vertices + 1), 2 * size * threads};
}
Traffic chebyshevStep(W w, double threads) {
  const double size = number(w, threads), given = threads > w.vertices ? 0 : size * threads;
  return {neighbours(w) + given + 2 * size * threads, 2 * size * threads};
}
Traffic denseProduct(W w, double threads) {
  return {sizeof(float) * w.vertices * w.vertices + kPoint * w.vertices, kPoint * threads, 6 * w.vertices * w.vertices};
}
Traffic denseSum(W w, double) {
  return {kPoint * w.vertices * std::ceil(w.vertices / DenseProduct::kChunk), kPoint * w.vertices};
}
Traffic adamMoments(W w, double) { return {3 * kPoint * w.vertices, 2 * kPoint * w.vertices + kState}; }
Traffic adamStep(W w, double) { return {kPoint * w.vertices, kPoint * w.vertices}; }
Traffic moveVertices(W w, double) {
  return {neighbours(w) + 2 * kPoint * w.vertices, kPoint * w.vertices + kState, 2 * 10 * w.edges};
}
Traffic keepState(W w, double) { return {3 * kPoint * w.vertices, 3 * kPoint * w.vertices}; }
Traffic commitPositions(W w, double) { return {kPoint * w.vertices, kPoint * w.vertices + kState}; }

// --- Gauss-Newton. Terms pull on two vertices each, but for cut ones ---

constexpr double kTerm = sizeof(NewtonTerm), kBlock3 = sizeof(Symmetric3), kDots = sizeof(Dots), kProgress = sizeof(NewtonProgress);
double termEntries(W w) { return 2 * w.pieces; }
double lists(W w) { return (kDouble + kInt) * w.vertices + kInt * termEntries(w); }

Traffic beginOutlines(W w, double) {
  return {sizeof(ViewRecord) * w.slots, sizeof(Slot) * w.slots + kInt * groups(w) + kState};
}
Traffic clearCells(W, double threads) { return {0, 2 * kInt * threads}; }
Traffic clearCovered(W, double threads) { return {0, sizeof(CoveredSums) * threads}; }
Traffic compareMasks(W w, double threads) { return {kInt * (w.cells + threads), sizeof(CoveredSums) * w.slots}; }
Traffic measureMisfit(W w, double threads) {
  return {sizeof(Piece) * w.pieces + sizeof(Segment) * std::min(w.segments, w.pieces), sizeof(MisfitSums) * threads};
}
Traffic makeTerms(W w, double threads) {
  const Traffic misfit = measureMisfit(w, threads);
  return {misfit.read, misfit.written + kTerm * threads + kInt * std::min(w.vertices, termEntries(w))};
}
Traffic sumMisfits(W, double threads) { return chunks(threads, sizeof(MisfitSums), sizeof(MisfitSums)); }
Traffic addMisfits(W, double) { return {sizeof(MisfitSums), sizeof(MisfitSums)}; }
Traffic faceAreas(W w, double) { return {mesh(w), kDouble * w.faces, 20 * w.faces}; }
Traffic weighPrior(W, double) { return {sizeof(NewtonRecord), kProgress}; }
Traffic bendMoved(W w, double) { return {neighbours(w) + kPoint * w.vertices, kDouble * w.vertices, 6 * w.edges}; }
Traffic bendVertices(W w, double) {
  const Traffic moved = bendMoved(w, 0);
  return {moved.read, moved.written + kPoint * w.vertices, moved.floats};
}
Traffic placeTerms(W w, double threads) {
  return {kInt * threads + 2 * kInt * w.pieces, kInt * termEntries(w) + kDouble * std::min(w.vertices, termEntries(w))};
}
Traffic sortTerms(W w, double) {
  return {kInt * (w.vertices + termEntries(w)), kDouble * w.vertices + kInt * termEntries(w)};
}
Traffic gatherTerms(W w, double) {
  return {lists(w) + neighbours(w) + kTerm * w.pieces + kPoint * w.vertices, (kPoint + 2 * kBlock3 + kDouble) * w.vertices,
          60 * termEntries(w)};
}
Traffic startSolve(W w, double) { return {(kPoint + kBlock3) * w.vertices, (4 * kPoint + kDots) * w.vertices}; }
Traffic coupleTerms(W w, double threads) {
  return {neighbours(w) + kPoint * w.vertices + kTerm * w.pieces,
          kPoint * w.vertices + sizeof(Vec2<float>) * (threads - w.vertices), 6 * w.edges + 30 * w.pieces};
}
Traffic applyMatrix(W w, double) {
  return {lists(w) + neighbours(w) + (2 * kPoint + kBlock3) * w.vertices + (kTerm + sizeof(Vec2<float>)) * w.pieces,
          (kPoint + kDots) * w.vertices, 6 * w.edges + 12 * termEntries(w)};
}
Traffic advanceSolve(W w, double) { return {(4 * kPoint + kBlock3) * w.vertices, (3 * kPoint + kDots) * w.vertices}; }
Traffic turnSolve(W w, double) { return {2 * kPoint * w.vertices, kPoint * w.vertices}; }
Traffic sumDots(W, double threads) { return chunks(threads, kDots, kDots); }
Traffic steerSolve(W, double) { return {kDots, kProgress}; }
Traffic capMoves(W w, double) { return {neighbours(w) + 2 * kPoint * w.vertices, (kPoint + kInt) * w.vertices}; }
Traffic markTurned(W w, double) { return {mesh(w) + kPoint * w.vertices, kInt * w.vertices + kProgress, 40 * w.faces}; }
Traffic shortenMoves(W w, double) { return {kInt * w.vertices, kPoint * w.vertices}; }
Traffic applyMoves(W w, double) { return {2 * kPoint * w.vertices, kPoint * w.vertices + kProgress}; }
Traffic takeStep(W w, double) { return {kPoint * w.vertices, kPoint * w.vertices + kProgress}; }

// --- The visual hull's first stages; a pixel, ball or point a thread ---

double viewRecords(W w) { return sizeof(HullViewRecord) * w.slots; }
double slotsOf(double points) { return points / DeviceGridShape::kBlockPoints; }

Traffic countOutline(W, double threads) { return {sizeof(float) * threads, kInt * threads}; }
Traffic writeOutline(W w, double threads) {
  return {kInt * threads + sizeof(float) * w.pieces, kInt * threads + sizeof(BandPiece) * w.pieces};
}
// A pixel looks at one piece at least, 15 operations.
Traffic outlineDistances(W w, double threads) {
  return {(sizeof(float) + kInt) * threads + sizeof(BandPiece) * w.pieces, sizeof(float) * threads, 15 * threads};
}
Traffic coarseCells(W w, double threads) { return {viewRecords(w), threads, 0, 6 * threads}; }
Traffic blockSides(W w, double threads) { return {viewRecords(w), threads * (1 + kInt * groups(w)), 16 * threads}; }
Traffic partSides(W w, double threads) {
  return {threads / 8 * kInt * (1 + groups(w)), threads * (1 + kInt * groups(w)), 16 * threads};
}
Traffic sampleBlocks(W w, double threads) {
  return {slotsOf(threads) * (kInt + 8 + 8 * kInt * groups(w)), sizeof(float) * threads};
}
Traffic findThin(W, double threads) { return {slotsOf(threads) * kInt + sizeof(float) * threads, threads}; }

#define ROW(kernel) {#kernel, kernel}
constexpr KernelBound kBounds[] = {
    ROW(beginIteration), ROW(collectPulls), ROW(sumCounts), ROW(sumSums), ROW(scanTop), ROW(spreadStarts), ROW(addChunks),
    ROW(addAll), ROW(reducePictures),
    ROW(clearContour), ROW(facingWords), ROW(contourMasks), ROW(makeSegments), ROW(crossSegments), ROW(countPieces),
    ROW(makePieces), ROW(coverBlocks), ROW(spreadDistances), ROW(contourPixels), ROW(measurePulls), ROW(pullVertices),
    ROW(clearViewSums), ROW(clearTiles), ROW(countTiles), ROW(fillTiles), ROW(rankEntries), ROW(softRasCover),
    ROW(softRasLoss), ROW(softRasPullEntries), ROW(softRasMeasurePulls), ROW(softRasPullVertices),
    ROW(faceNormals), ROW(uniformDifferences), ROW(cotangentDifferences), ROW(laplacianGradient), ROW(laplacianArea),
    ROW(normalConsistency), ROW(gatherFaces), ROW(edgeLengths), ROW(edgeLengthGradient), ROW(vertexNormals),
    ROW(squareGradient),
    ROW(chebyshevStart), ROW(chebyshevStep), ROW(denseProduct), ROW(denseSum), ROW(adamMoments), ROW(adamStep),
    ROW(moveVertices), ROW(commitPositions), ROW(keepState),
    ROW(beginOutlines), ROW(clearCells), ROW(clearCovered), ROW(compareMasks), ROW(makeTerms), ROW(measureMisfit),
    ROW(sumMisfits), ROW(addMisfits), ROW(faceAreas), ROW(weighPrior), ROW(bendVertices), ROW(bendMoved), ROW(placeTerms),
    ROW(sortTerms), ROW(gatherTerms), ROW(startSolve), ROW(coupleTerms), ROW(applyMatrix), ROW(advanceSolve), ROW(turnSolve),
    ROW(sumDots), ROW(steerSolve), ROW(capMoves), ROW(markTurned), ROW(shortenMoves), ROW(applyMoves), ROW(takeStep),
    ROW(countOutline), ROW(writeOutline), ROW(outlineDistances), ROW(coarseCells), ROW(blockSides), ROW(partSides),
    ROW(sampleBlocks), ROW(findThin)};
#undef ROW

}  // namespace

std::span<const KernelBound> kernelBounds() { return kBounds; }

const KernelBound* kernelBound(std::string_view kernel) {
  for (const KernelBound& bound : kBounds)
    if (bound.kernel == kernel) return &bound;
  return nullptr;
}

}  // namespace penumbra::device
