package kernels

import (
	"net/http"
	"testing"
)

func TestLateAnswer(t *testing.T)         { ask(); settle() }
func TestMissingClose(t *testing.T)       { sum([]int{1, 2, 3}); settle() }
func TestFirstResult(t *testing.T)        { fastest(3); settle() }
func TestAbandonedGenerator(t *testing.T) { firstEven(); settle() }
func TestDoubleSend(t *testing.T)         { report(); settle() }
func TestNilChannel(t *testing.T)         { listen(); settle() }
func TestEmptySelect(t *testing.T)        { guard(); settle() }
func TestLostSemaphore(t *testing.T)      { limited(4); settle() }
func TestUnreadPipe(t *testing.T)         { lines(); settle() }
func TestSelfSend(t *testing.T)           { relay() }
func TestDrainOpenChannel(t *testing.T)   { drain() }

func TestForgottenUnlock(t *testing.T)         { withdrawTwice() }
func TestDoubleLock(t *testing.T)              { depositInBackground() }
func TestDoubleLockInTest(t *testing.T)        { new(account).deposit(1) }
func TestLockOrder(t *testing.T)               { transferBoth() }
func TestLockOrderWait(t *testing.T)           { swapBoth() }
func TestRecursiveReadLock(t *testing.T)       { shareInBackground() }
func TestRecursiveReadLockInTest(t *testing.T) { shareHere(); settle() }
func TestLockUpgrade(t *testing.T)             { insertInBackground() }

func TestMissingDone(t *testing.T)       { gather(); settle() }
func TestWaitInLoop(t *testing.T)        { inSteps(2) }
func TestWaitBeforeReceive(t *testing.T) { collect(3) }
func TestSignalForMany(t *testing.T)     { enter(3) }
func TestMissedSignal(t *testing.T)      { lateWaiter() }
func TestNoSignal(t *testing.T)          { closedGate() }
func TestNestedOnce(t *testing.T)        { nested() }

func TestMissingCancel(t *testing.T)   { watch(); settle() }
func TestForeignContext(t *testing.T)  { derive(); settle() }
func TestIgnoredDeadline(t *testing.T) { deadline(); settle(); settle() }
func TestNoQuit(t *testing.T)          { serve(); settle() }
func TestDeadStage(t *testing.T)       { stage(); settle() }
func TestNilSelect(t *testing.T)       { choose() }
func TestDrainTimer(t *testing.T)      { rearm() }
func TestStoppedTicker(t *testing.T)   { poll() }
func TestAfterFunc(t *testing.T)       { remind() }
func TestOpenCache(t *testing.T)       { useCache(); settle() }

func TestUnclosedBody(t *testing.T) {
	client := &http.Client{Transport: &http.Transport{}}
	url := server().URL
	for i := 0; i < 3; i++ {
		fetch(client, url)
	}
	settle()
}
