// Loggers of Go, each as its documentation begins; the argument says which.
package main

import (
	"errors"
	"log"
	"log/slog"
	"os"
	"time"

	"github.com/rs/zerolog"
	zerologglobal "github.com/rs/zerolog/log"
	"github.com/sirupsen/logrus"
	"go.uber.org/zap"
)

var refused = errors.New("payment refused")

func speakSlog(logger *slog.Logger) {
	logger.Debug("not shown by default")
	logger.Info("started")
	logger.Info("listening", "port", 8000, "took", 1250*time.Millisecond)
	logger.Warn("disk nearly full", "used", 0.91)
	logger.Error("order failed", "err", refused)
	logger.With("request_id", "a1b2").WithGroup("order").Info("sent", "id", 17)
}

func speakZap(logger *zap.Logger) {
	logger.Debug("not shown by default")
	logger.Info("started")
	logger.Info("listening", zap.Int("port", 8000), zap.Duration("took", 1250*time.Millisecond))
	logger.Warn("disk nearly full", zap.Float64("used", 0.91))
	logger.Error("order failed", zap.Error(refused))
	logger.Named("orders").Info("sent", zap.Int("id", 17))
	logger.Sugar().Infow("sent", "id", 18)
	_ = logger.Sync()
}

func speakZerolog(logger zerolog.Logger) {
	logger.Debug().Msg("cache is cold")
	logger.Info().Msg("started")
	logger.Info().Int("port", 8000).Dur("took", 1250*time.Millisecond).Msg("listening")
	logger.Warn().Float64("used", 0.91).Msg("disk nearly full")
	logger.Error().Err(refused).Msg("order failed")
	logger.Error().Err(refused).Send()
	logger.Log().Msg("without a level")
}

func speakLogrus() {
	logrus.Debug("not shown by default")
	logrus.Info("started")
	logrus.WithFields(logrus.Fields{"port": 8000, "took": 1250 * time.Millisecond}).Info("listening")
	logrus.WithField("used", 0.91).Warn("disk nearly full")
	logrus.WithError(refused).Error("order failed")
}

func main() {
	switch os.Args[1] {
	case "slog":
		speakSlog(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	case "slog-text":
		speakSlog(slog.New(slog.NewTextHandler(os.Stdout, nil)))
		speakSlog(slog.Default())
		log.Println("started")
	case "zap":
		logger, err := zap.NewProduction()
		if err != nil {
			panic(err)
		}
		speakZap(logger)
	case "zerolog":
		speakZerolog(zerologglobal.Logger)
	case "logrus":
		logrus.SetFormatter(&logrus.JSONFormatter{})
		speakLogrus()
	case "logrus-text":
		speakLogrus()
	case "panic":
		speakSlog(nil)
	}
}
