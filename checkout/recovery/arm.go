package recovery

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// Arm is the part of the people that somebody belongs to, while follow-ups are measured.
type Arm string

const (
	ArmTreated Arm = "treated" // follow-ups are sent
	ArmHoldout Arm = "holdout" // nothing is sent: what these people buy shows what all would have bought without follow-ups
)

// MaxHoldout is the largest share of people, in percent, that may be held out: more would cost sales and measure nothing better.
const MaxHoldout = 50

// ArmOf returns the arm of a person (checkout.PersonOfEmail and the like) while a share of all people, in percent, is held
// out. It follows from its arguments alone, so nothing is stored and every worker agrees. Another salt deals the arms anew;
// under one salt, whoever is held out stays so when the share grows, and only people who are added or let go change arms.
// Nobody can be told apart without a name: "" is treated.
func ArmOf(salt, person string, sharePercent int) Arm {
	if person == "" || sharePercent <= 0 {
		return ArmTreated
	}
	mac := hmac.New(sha256.New, []byte(salt))
	mac.Write([]byte(person))
	// The hash is a fraction of 2⁶⁴; times 100 its whole part is one of a hundred equal parts.
	part, _ := bits.Mul64(binary.BigEndian.Uint64(mac.Sum(nil)), 100)
	if part < uint64(sharePercent) {
		return ArmHoldout
	}
	return ArmTreated
}
