#include "optim/remesh/adaptive_remesh.h"

#include <algorithm>
#include <cmath>

#include "renderer/error.h"

namespace penumbra {
namespace {

void check(const Mesh& mesh, const std::vector<float>& wanted) {
  if (wanted.size() != mesh.positions.size())
    throw Error(ExitCode::Internal, "There are " + std::to_string(wanted.size()) + " wanted edge lengths for " +
                                        std::to_string(mesh.positions.size()) + " vertices.");
  const bool finite = std::all_of(wanted.begin(), wanted.end(), [](float l) { return std::isfinite(l) && l > 0; }) &&
                      std::all_of(mesh.positions.begin(), mesh.positions.end(), [](const glm::vec3& p) {
                        return std::isfinite(p.x) && std::isfinite(p.y) && std::isfinite(p.z);
                      });
  if (!finite)
    throw Error(ExitCode::Input, "A mesh to be remeshed has positions or wanted edge lengths that are not finite.");
}

}  // namespace

double expectedFaces(const Mesh& mesh, const std::vector<float>& wanted) {
  double sum = 0;
  for (const Face& f : mesh.faces) {
    const glm::vec3 a = mesh.positions[std::size_t(f.x)];
    const glm::vec3 n = glm::cross(mesh.positions[std::size_t(f.y)] - a, mesh.positions[std::size_t(f.z)] - a);
    double l = 0;
    for (int k = 0; k < 3; ++k) l += double(wanted[std::size_t(f[k])]) / 3;
    sum += 0.5 * double(glm::length(n)) / (l * l);
  }
  return sum / (0.25 * std::sqrt(3.0) * kMeanRatio * kMeanRatio);
}

double meanEdgeLength(const Mesh& mesh) {
  double sum = 0;
  for (const Face& f : mesh.faces)
    for (int k = 0; k < 3; ++k)
      sum += glm::distance(mesh.positions[std::size_t(f[k])], mesh.positions[std::size_t(f[(k + 1) % 3])]);
  return mesh.faces.empty() ? 0 : sum / (3.0 * double(mesh.faces.size()));
}

std::vector<float> meanEdgeLengths(const Mesh& mesh) {
  std::vector<float> sum(mesh.positions.size(), 0), count(sum.size(), 0);
  for (const Face& f : mesh.faces)
    for (int k = 0; k < 3; ++k) {
      const std::size_t a = std::size_t(f[k]), b = std::size_t(f[(k + 1) % 3]);
      const float length = glm::distance(mesh.positions[a], mesh.positions[b]);
      sum[a] += length, sum[b] += length;
      count[a] += 1, count[b] += 1;
    }
  for (std::size_t v = 0; v < sum.size(); ++v)
    if (count[v] > 0) sum[v] /= count[v];
  return sum;
}

Remeshable isRemeshable(const Mesh& mesh) {
  const int locked = HalfEdgeMesh(mesh.positions, mesh.faces).lockedVertices();
  if (locked == 0) return {};
  return {false, std::to_string(locked) + (locked == 1 ? " vertex" : " vertices") +
                     " on borders or non-manifold edges stay as they are"};
}

AdaptiveRemeshReport adaptiveRemesh(Mesh& mesh, std::vector<float>& wanted, const VertexChannels& channels,
                                    const AdaptiveRemeshOptions& options, ThreadPool& pool) {
  check(mesh, wanted);
  AdaptiveRemeshReport report;
  for (float& l : wanted) l = std::clamp(l, options.minEdge, options.maxEdge);
  report.stretched = float(std::sqrt(std::max(1.0, expectedFaces(mesh, wanted) / options.maxFaces)));
  if (report.stretched > 1)
    for (float& l : wanted) l *= report.stretched;

  SurfacePasses passes(mesh, std::move(wanted), channels, options.window, pool);
  report.lockedVertices = passes.mesh().lockedVertices();
  passes.computeNormals();
  report.collapses = passes.collapseShort();
  report.splits = passes.splitLong(options.maxFaces);
  report.flips = passes.flipEdges();
  for (int i = 0; i < options.relaxations; ++i) {
    passes.computeNormals();
    report.moved = passes.relax(options.relaxation);
  }
  mesh = passes.finish(channels, &wanted);
  return report;
}

}  // namespace penumbra
