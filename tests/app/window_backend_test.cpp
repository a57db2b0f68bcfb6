// What the window says of backend and interop.
#include <gtest/gtest.h>

#ifdef PENUMBRA_WITH_WINDOW
#include "app/window/backend_text.h"

namespace penumbra {
namespace {

class CardDrawing final : public Drawing {
 public:
  explicit CardDrawing(std::string why) : why_(std::move(why)) {}
  TextureId scene(const SceneFrame&) override { return 0; }
  TextureId image(int, const RgbaImage*) override { return 0; }
  bool software() const override { return false; }
  std::string description() const override { return "OpenGL"; }
  bool readsTheCard() const override { return why_.empty(); }
  std::string whyHostCopies() const override { return why_; }

 private:
  std::string why_;
};

TEST(BackendText, TheReasonForTheProcessorIsTold) {
  Snapshot s;
  s.backend = "CPU (2 threads, AVX2)";
  s.backendReason = "There is no NVIDIA driver.";
  const BackendText text = backendText(s, NullDrawing());
  EXPECT_EQ(text.backend, s.backend);
  EXPECT_EQ(text.backendTip, "What computes the fit. Not the graphics card: There is no NVIDIA driver.");
  EXPECT_EQ(text.transfer, "");
  s.backendReason.clear();
  EXPECT_EQ(backendText(s, NullDrawing()).backendTip, "What computes the fit.");
}

TEST(BackendText, TheWayOfTheMeshIsTold) {
  Snapshot s;
  s.backend = "CUDA (Card)";
  s.onCard = true;
  s.cardBytes = 123400000;
  const BackendText direct = backendText(s, CardDrawing(""));
  EXPECT_EQ(direct.transfer, "drawn in place");
  EXPECT_NE(direct.backendTip.find("123 MB"), std::string::npos) << direct.backendTip;
  const BackendText copied = backendText(s, CardDrawing("It was switched off."));
  EXPECT_EQ(copied.transfer, "host copies");
  EXPECT_EQ(copied.transferTip, "Mesh and pictures are copied through the host. It was switched off.");
}

}  // namespace
}  // namespace penumbra
#endif
