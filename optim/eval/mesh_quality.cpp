#include "optim/eval/mesh_quality.h"

#include <algorithm>
#include <cmath>

#include "optim/eval/self_intersections.h"
#include "optim/eval/solid_overlap.h"
#include "optim/eval/surface_samples.h"

namespace penumbra {
namespace {

constexpr double kDegrees = 180 / 3.14159265358979323846;

glm::dvec3 at(const Mesh& mesh, int vertex) { return glm::dvec3(mesh.positions[std::size_t(vertex)]); }

void addTopology(const Mesh& mesh, const Topology& topology, MeshQuality& quality) {
  const TopologySummary summary = summarise(topology);
  std::vector<char> used(mesh.positions.size(), 0);
  for (const Face& face : mesh.faces)
    for (int k = 0; k < 3; ++k) used[std::size_t(face[k])] = 1;
  quality.vertices = int(std::count(used.begin(), used.end(), 1));
  quality.faces = int(mesh.faces.size());
  quality.components = summary.components;
  quality.boundaryEdges = summary.boundaryEdges;
  quality.nonManifoldEdges = summary.nonManifoldEdges;
  quality.inconsistentEdges = summary.inconsistentEdges;
  if (quality.closed() && quality.faces > 0) quality.genus = summary.genus();
}

void addEdges(const Mesh& mesh, const Topology& topology, const std::vector<glm::dvec3>& normals, MeshQuality& quality) {
  const double fold = std::cos(kFoldDegrees / kDegrees);
  double sum = 0, squares = 0;
  quality.edgeMin = topology.edges.empty() ? 0 : 1e300;
  for (std::size_t e = 0; e < topology.edges.size(); ++e) {
    const double length = glm::length(at(mesh, topology.edges[e].x) - at(mesh, topology.edges[e].y));
    sum += length;
    squares += length * length;
    quality.edgeMin = std::min(quality.edgeMin, length);
    quality.edgeMax = std::max(quality.edgeMax, length);
    const auto first = std::size_t(topology.edgeFaceStart[e]);
    if (topology.edgeFaceStart[e + 1] - int(first) != 2) continue;
    const double along = glm::dot(normals[std::size_t(topology.edgeFaces[first])],
                                  normals[std::size_t(topology.edgeFaces[first + 1])]);
    const bool consistent = topology.edgeSides[first] != topology.edgeSides[first + 1];
    quality.foldedEdges += consistent && along < fold;
  }
  const double count = std::max(1.0, double(topology.edges.size()));
  quality.edgeMean = sum / count;
  quality.edgeDeviation = std::sqrt(std::max(0.0, squares / count - quality.edgeMean * quality.edgeMean));
}

double smallestAngle(const Mesh& mesh, const Face& face) {
  double smallest = 180;
  for (int k = 0; k < 3; ++k) {
    const glm::dvec3 p = at(mesh, face[k]), u = at(mesh, face[(k + 1) % 3]) - p, v = at(mesh, face[(k + 2) % 3]) - p;
    smallest = std::min(smallest, kDegrees * std::atan2(glm::length(glm::cross(u, v)), glm::dot(u, v)));
  }
  return smallest;
}

void addFaces(const Mesh& mesh, const std::vector<glm::dvec3>& normals, MeshQuality& quality) {
  std::vector<double> angles;
  double volume = 0;
  for (std::size_t f = 0; f < mesh.faces.size(); ++f) {
    const Face& face = mesh.faces[f];
    volume += glm::dot(at(mesh, face[0]), glm::cross(at(mesh, face[1]), at(mesh, face[2]))) / 6;
    quality.area += faceArea(mesh, int(f));
    if (normals[f] == glm::dvec3(0)) ++quality.degenerateFaces;
    else angles.push_back(smallestAngle(mesh, face));
  }
  if (quality.closed()) quality.volume = volume;
  if (angles.empty()) return;
  quality.minAngleDegrees = *std::min_element(angles.begin(), angles.end());
  const auto low = angles.begin() + std::ptrdiff_t(angles.size() / 100);
  std::nth_element(angles.begin(), low, angles.end());
  quality.angleP1Degrees = *low;
}

// Winding number on the outer side of each face, from a ray out of its middle: the ray leaves on the outer side when
// the face looks along it, else on the inner one, where the number is larger by one.
double invertedArea(const Mesh& mesh, ThreadPool& pool) {
  const Mesh turned = inGenericPose(mesh);
  const TriangleBvh bvh(turned);
  const int count = int(turned.faces.size());
  std::vector<char> inverted(turned.faces.size(), 0);
  constexpr int kChunk = 512;
  pool.parallelFor((count + kChunk - 1) / kChunk, [&](int chunk, int) {
    for (int f = chunk * kChunk; f < std::min(count, (chunk + 1) * kChunk); ++f) {
      const double upward = faceNormal(turned, f).z;
      if (std::abs(upward) < 1e-6) continue;  // the ray would run along the face: undecided, no area in this pose
      const Face& face = turned.faces[std::size_t(f)];
      const glm::dvec3 middle = (at(turned, face[0]) + at(turned, face[1]) + at(turned, face[2])) / 3.0;
      inverted[std::size_t(f)] = bvh.windingAlongZ(middle, f) - (upward < 0) < 0;
    }
  });
  double sum = 0;
  for (int f = 0; f < count; ++f) sum += inverted[std::size_t(f)] ? faceArea(mesh, f) : 0;
  return sum;
}

}  // namespace

MeshQuality meshQuality(const Mesh& mesh, ThreadPool& pool) {
  MeshQuality quality;
  const Topology topology = buildTopology(int(mesh.positions.size()), mesh.faces);
  std::vector<glm::dvec3> normals(mesh.faces.size());
  for (std::size_t f = 0; f < normals.size(); ++f) normals[f] = faceNormal(mesh, int(f));
  addTopology(mesh, topology, quality);
  addEdges(mesh, topology, normals, quality);
  addFaces(mesh, normals, quality);
  const std::vector<char> meets = selfIntersectingFaces(mesh, TriangleBvh(mesh), pool);
  quality.selfIntersectingFaces = int(std::count(meets.begin(), meets.end(), 1));
  quality.selfIntersectingPercent = 100.0 * quality.selfIntersectingFaces / std::max(1, quality.faces);
  if (quality.closed() && quality.area > 0) quality.invertedAreaPercent = 100 * invertedArea(mesh, pool) / quality.area;
  return quality;
}

}  // namespace penumbra
