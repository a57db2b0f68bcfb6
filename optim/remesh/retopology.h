// When the masks demand another topology than the mesh has, and how it gets it: re-extraction from a field.
//
// No fit moves a vertex through another topology. topologyMismatch() compares the mesh's silhouettes with the masks view
// by view; a part counts when it has at least `leastPixels` and `share` of it is on the wrong side:
//   covered hole   a hole of the mask that the silhouette covers       -> the mesh lacks a tunnel
//   open hole      a hole of the silhouette that the mask fills        -> the mesh has one too many
//   missing part   a part of the mask that the silhouette leaves out   stray part   the opposite
// A shape that only has not arrived yet shows the same signs, so MismatchWatch waits until they stay.
// Masks that contradict the others do not carve, as in the hull (hull/view_trust.h).
// reextract() samples MeshSolid (mesh_solid.h) on the hull's grid, cleans it as the hull is cleaned and meshes it evenly:
// closed, manifold, without self-intersections worth the name whatever the present mesh went through. It also serves as
// the last repair.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "optim/hull/visual_hull.h"

namespace penumbra {

struct TopologyMismatchOptions {
  int leastPixels = 16;
  double share = 0.8;
  int leastViews = 2;  // views that must agree that something is wrong; fewer when there are fewer
};

struct TopologyMismatch {
  int coveredHoles = 0, openHoles = 0, missingParts = 0, strayParts = 0;  // over all views
  int views = 0;          // that show any of them
  bool mismatch = false;  // enough views do
  std::string summary() const;  // "3 covered holes, 1 stray part in 4 views"; empty when there is nothing
};
TopologyMismatch topologyMismatch(const Mesh& mesh, std::span<const View> views, const TopologyMismatchOptions& options,
                                  ThreadPool& pool);

// True once `patience` verdicts in a row were a mismatch and the last shows no fewer signs than the first of them.
class MismatchWatch {
 public:
  explicit MismatchWatch(int patience = 3) : patience_(patience) {}
  bool add(const TopologyMismatch& verdict);
  void reset() { signs_.clear(); }

 private:
  int patience_;
  std::vector<int> signs_;
};

struct ReextractOptions {
  HullOptions hull;             // resolution and edge length of the result
  double slackPixels = 0.5;     // how far the mesh may stand out of the hull
  double uncoveredPixels = 2;   // mask parts farther than this from the silhouette and from their own outline are grown
  int leastPixels = 16;         // smaller uncovered parts are left alone
};

struct ReextractReport {
  int genusBefore = 0, genusAfter = 0, componentsBefore = 0, componentsAfter = 0;
  int uncoveredViews = 0;       // views in which matter was missing
  double genusConfidence = 0;   // see visual_hull.h
  std::string summary() const;  // "genus 0 -> 1, 1 part -> 1 part"
};

// Throws Error(Input) when the present mesh is open or wound inconsistently, no mask shows anything, or nothing is left.
Mesh reextract(const Mesh& present, std::span<const View> views, const ReextractOptions& options, ThreadPool& pool,
               ReextractReport* report = nullptr);

}  // namespace penumbra
