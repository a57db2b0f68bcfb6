#include "optim/remesh/isotropic_remesh.h"

#include <algorithm>
#include <vector>

#include "optim/remesh/edit_mesh.h"

namespace penumbra {
namespace {

constexpr double kRelaxation = 0.6;  // share of the way to the mean of the neighbours
constexpr int kChunk = 1024;         // vertices a piece of parallel work

class Remesher {
 public:
  Remesher(const Mesh& rough, const IsotropicRemeshOptions& options,
           const std::function<glm::vec3(const glm::vec3&)>& project, ThreadPool& pool)
      : mesh_(inDouble(rough)), options_(options), project_(project), pool_(pool) {}

  Mesh run() {
    for (int sweep = 0; sweep < options_.sweeps; ++sweep) {
      for (const auto& e : mesh_.edges())
        if (length(e) > 4.0 / 3.0 * options_.edge) mesh_.split(e.x, e.y, middle(e));
      for (const auto& e : mesh_.edges())
        if (mesh_.alive(e.x) && mesh_.alive(e.y) && length(e) < 0.8 * options_.edge)
          mesh_.collapse(e.x, e.y, middle(e), 4.0 / 3.0 * options_.edge);
      for (const auto& e : mesh_.edges()) mesh_.flipIfBetter(e.x, e.y);
      relax();
    }
    const MeshT<double> even = mesh_.compact();
    Mesh result{{}, even.faces};
    for (const auto& p : even.positions) result.positions.emplace_back(p);
    return result;
  }

 private:
  static MeshT<double> inDouble(const Mesh& mesh) {
    MeshT<double> result{{}, mesh.faces};
    for (const auto& p : mesh.positions) result.positions.emplace_back(p);
    return result;
  }
  double length(const glm::ivec2& e) const { return glm::distance(mesh_.position(e.x), mesh_.position(e.y)); }
  glm::dvec3 middle(const glm::ivec2& e) const { return 0.5 * (mesh_.position(e.x) + mesh_.position(e.y)); }

  glm::dvec3 relaxed(int v) const {
    glm::dvec3 mean(0);
    const auto near = mesh_.neighbours(v);
    for (const int n : near) mean += mesh_.position(n);
    const glm::dvec3 normal = mesh_.vertexNormal(v);
    glm::dvec3 step = mean / double(near.size()) - mesh_.position(v);
    step -= glm::dot(step, normal) * normal;
    const glm::dvec3 moved = mesh_.position(v) + kRelaxation * step;
    return project_ ? glm::dvec3(project_(glm::vec3(moved))) : moved;
  }

  // All vertices from the same positions, so that the result does not depend on the number of threads.
  void relax() {
    const int count = mesh_.vertexCount();
    std::vector<glm::dvec3> next(std::size_t(count), glm::dvec3(0));
    pool_.parallelFor((count + kChunk - 1) / kChunk, [&](int chunk, int) {
      for (int v = chunk * kChunk; v < std::min(count, (chunk + 1) * kChunk); ++v)
        if (mesh_.alive(v)) next[std::size_t(v)] = relaxed(v);
    });
    for (int v = 0; v < count; ++v)
      if (mesh_.alive(v)) mesh_.moveIfFacesStay(v, next[std::size_t(v)]);
  }

  EditMesh mesh_;
  const IsotropicRemeshOptions& options_;
  const std::function<glm::vec3(const glm::vec3&)>& project_;
  ThreadPool& pool_;
};

}  // namespace

Mesh isotropicRemesh(const Mesh& rough, const IsotropicRemeshOptions& options,
                     const std::function<glm::vec3(const glm::vec3&)>& project, ThreadPool& pool) {
  return Remesher(rough, options, project, pool).run();
}

}  // namespace penumbra
