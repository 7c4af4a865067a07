// Go's client library for Prometheus, with every kind of metric; the argument says where to listen.
package main

import (
	"log"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

var (
	worked = promauto.NewCounterVec(prometheus.CounterOpts{Name: "shop_work_total", Help: "Work done."}, []string{"kind"})
	waiting = promauto.NewGauge(prometheus.GaugeOpts{Name: "shop_waiting", Help: "Work that waits."})
	took    = promauto.NewHistogram(prometheus.HistogramOpts{Name: "shop_work_seconds", Help: "How long work takes."})
	size    = promauto.NewSummary(prometheus.SummaryOpts{
		Name: "shop_work_bytes", Help: "How large work is.", Objectives: map[float64]float64{0.5: 0.05, 0.99: 0.001},
	})
)

func main() {
	http.Handle("/metrics", promhttp.HandlerFor(
		prometheus.DefaultGatherer, promhttp.HandlerOpts{EnableOpenMetrics: true},
	))
	http.HandleFunc("/work", func(w http.ResponseWriter, _ *http.Request) {
		began := time.Now()
		worked.WithLabelValues("a \"quoted\" \\ kind\n").Inc()
		waiting.Set(3)
		size.Observe(42)
		took.(prometheus.ExemplarObserver).ObserveWithExemplar(
			time.Since(began).Seconds(), prometheus.Labels{"trace_id": "4bf92f3577b34da6"},
		)
		_, _ = w.Write([]byte("done\n"))
	})
	log.Fatal(http.ListenAndServe(os.Args[1], nil))
}
