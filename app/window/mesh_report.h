// What the mesh is worth, examined on a thread of its own so that the window never waits.
#pragma once
#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "optim/eval/mesh_quality.h"
#include "optim/remesh/retopology.h"
#include "optim/session/session.h"

namespace penumbra {

struct MeshReport {
  std::shared_ptr<const std::vector<glm::vec3>> positions;  // of the mesh it tells of
  int iteration = 0;
  MeshQuality quality;
  double edgePixels = 0;                     // mean edge in pixels of the views, at the middle of the object
  TopologyMismatch mismatch;                 // holes and parts that no fit of this mesh can reach
};

// "watertight, 1 part, genus 0", or what keeps it from being so: "12 open edges, 3 parts".
std::string surfaceText(const MeshQuality& quality);
// "no self-intersections", "34 triangles run through others".
std::string intersectionText(const MeshQuality& quality);

class MeshReporter {
 public:
  MeshReporter() = default;
  ~MeshReporter();                           // gives up what is being examined
  MeshReporter(const MeshReporter&) = delete;
  MeshReporter& operator=(const MeshReporter&) = delete;

  // Examines the snapshot's mesh unless that was done or is being done. A mesh asked for meanwhile waits for its turn;
  // of several only the newest.
  void ask(std::shared_ptr<const Snapshot> snapshot);
  void poll();                               // once a frame: takes what is finished, begins what waits
  bool working() const { return future_.valid(); }
  const std::optional<MeshReport>& newest() const { return newest_; }
  bool isOf(const Snapshot& snapshot) const { return newest_ && newest_->positions == snapshot.positions; }

 private:
  void begin(std::shared_ptr<const Snapshot> snapshot);

  std::optional<MeshReport> newest_;
  std::shared_ptr<const Snapshot> examined_, waiting_;
  std::atomic<bool> stop_{false};
  std::future<std::optional<MeshReport>> future_;
};

}  // namespace penumbra
